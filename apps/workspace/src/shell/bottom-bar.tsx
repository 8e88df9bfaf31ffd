import { UnstyledButton } from '@mantine/core'
import { Icon, type IconName } from '../theme/icon.tsx'
import styles from './bottom-bar.module.css'

/** What fills a telephone: one thing at a time. */
export type View = 'channels' | 'messages' | 'people' | 'you'

const views: readonly { readonly view: View; readonly label: string; readonly icon: IconName }[] = [
  { view: 'channels', label: 'Channels', icon: 'channels' },
  { view: 'messages', label: 'Messages', icon: 'messages' },
  { view: 'people', label: 'Here now', icon: 'people' },
  { view: 'you', label: 'You', icon: 'you' },
]

interface BottomBarProps {
  readonly view: View
  readonly onView: (view: View) => void
  /** Without an open channel there are no messages and nobody is here. */
  readonly hasChannel: boolean
}

/** The way about on a telephone. */
export function BottomBar({ view, onView, hasChannel }: BottomBarProps) {
  return (
    <nav className={styles.bar} aria-label="Views">
      {views.map((one) => (
        <UnstyledButton
          key={one.view}
          className={styles.item}
          aria-current={one.view === view ? 'page' : undefined}
          disabled={!hasChannel && (one.view === 'messages' || one.view === 'people')}
          onClick={() => onView(one.view)}
        >
          <Icon name={one.icon} size={22} />
          {one.label}
        </UnstyledButton>
      ))}
    </nav>
  )
}
