import { Icon, type IconName } from '@parley/look'
import { useUnread } from '@parley/react'
import { hrefOf, type Place } from '../address/place.ts'
import styles from './bottom-bar.module.css'

interface Stop {
  readonly place: Place
  readonly label: string
  readonly icon: IconName
}

const stops: readonly Stop[] = [
  { place: { page: 'home' }, label: 'Chats', icon: 'messages' },
  { place: { page: 'mentions' }, label: 'Mentions', icon: 'at' },
  { place: { page: 'threads' }, label: 'Threads', icon: 'thread' },
  { place: { page: 'search', query: {} }, label: 'Search', icon: 'search' },
  { place: { page: 'you' }, label: 'You', icon: 'you' },
]

/** The way about on a telephone. A conversation has the whole height: its arrow leads back here. */
export function BottomBar({ place }: { readonly place: Place }) {
  const { total, mentions, threads } = useUnread()
  const counts: Readonly<Record<string, number>> = { Chats: total, Mentions: mentions, Threads: threads.size }
  return (
    <nav className={styles.bar} aria-label="Views" hidden={place.page === 'conversation'}>
      {stops.map(({ place: target, label, icon }) => (
        <a
          key={label}
          className={styles.item}
          href={hrefOf(target)}
          aria-current={target.page === place.page ? 'page' : undefined}
        >
          <span className={styles.icon}>
            <Icon name={icon} size={22} />
            {(counts[label] ?? 0) > 0 && <span className={styles.dot} role="img" aria-label="new" />}
          </span>
          {label}
        </a>
      ))}
    </nav>
  )
}
