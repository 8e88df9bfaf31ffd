import { Popover, Tooltip, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { Icon, type IconName, Mark } from '@parley/look'
import { useUnread } from '@parley/react'
import { lazy, Suspense, useState } from 'react'
import { hrefOf, type Place } from '../address/place.ts'
import { Avatar } from '../presence/avatar.tsx'
import { useMyPresence } from '../presence/use-my-presence.ts'
import { useDesk } from './desk.ts'
import styles from './rail.module.css'

const Account = lazy(async () => ({ default: (await import('../account/account.tsx')).Account }))

interface RailProps {
  readonly place: Place
  readonly onSignOut: () => void
}

interface Stop {
  readonly place: Place
  readonly label: string
  readonly icon: IconName
  readonly isHere: (place: Place) => boolean
}

const stop = (place: Place, label: string, icon: IconName): Stop => ({
  ...{ place, label, icon },
  isHere: ({ page }) => page === place.page,
})

const chat: readonly Stop[] = [
  {
    ...stop({ page: 'home' }, 'Conversations', 'messages'),
    isHere: ({ page }) =>
      page === 'home' || page === 'conversation' || page === 'rooms' || page === 'invitations',
  },
  stop({ page: 'mentions' }, 'Mentions', 'at'),
  stop({ page: 'threads' }, 'Threads', 'thread'),
  stop({ page: 'drafts' }, 'Drafts', 'draft'),
  stop({ page: 'scheduled' }, 'Scheduled', 'clock'),
  stop({ page: 'people' }, 'People', 'people'),
  stop({ page: 'search', query: {} }, 'Search', 'search'),
]
const channels = stop({ page: 'channels' }, 'Channels, for developers', 'reference')

/** The edge of a wide window: the way about, and who one is. */
export function Rail({ place, onSignOut }: RailProps) {
  const { me, dialogs } = useDesk()
  return (
    <nav className={styles.rail} aria-label="Workspace" data-region="rail" data-tour="rail">
      <a className={styles.mark} href="#home" aria-label="Parley">
        <Mark size={28} />
      </a>
      {me !== undefined && (
        <ul className={styles.stops}>
          {chat.map((one) => (
            <RailLink key={one.label} stop={one} place={place} />
          ))}
        </ul>
      )}
      <span className={styles.space} />
      <ul className={styles.stops}>
        <RailLink stop={channels} place={place} />
        <li>
          <Tooltip label="Keyboard shortcuts" position="right" withinPortal>
            <UnstyledButton
              className={styles.stop}
              aria-label="Keyboard shortcuts"
              onClick={() => dialogs.show({ kind: 'shortcuts' })}
            >
              <Icon name="help" />
            </UnstyledButton>
          </Tooltip>
        </li>
      </ul>
      <AccountButton onSignOut={onSignOut} />
    </nav>
  )
}

function RailLink({
  stop: { place: target, label, icon, isHere },
  place,
}: {
  readonly stop: Stop
  readonly place: Place
}) {
  return (
    <li>
      <Tooltip label={label} position="right" withinPortal>
        <a className={styles.stop} href={hrefOf(target)} aria-current={isHere(place) ? 'page' : undefined}>
          <Icon name={icon} />
          <VisuallyHidden>{label}</VisuallyHidden>
          {icon === 'at' && <Waiting what="mentions" />}
          {icon === 'thread' && <Waiting what="threads" />}
        </a>
      </Tooltip>
    </li>
  )
}

function Waiting({ what }: { readonly what: 'mentions' | 'threads' }) {
  const { mentions, threads } = useUnread()
  const count = what === 'mentions' ? mentions : threads.size
  if (count === 0) return null
  return (
    <span className={styles.waiting} role="img" aria-label={`${count} new`}>
      {count > 9 ? '9+' : count}
    </span>
  )
}

/** Status, privacy, appearance, the way out. */
function AccountButton({ onSignOut }: Pick<RailProps, 'onSignOut'>) {
  const { me, name } = useDesk()
  const presence = useMyPresence()
  const [isOpen, setOpen] = useState(false)
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="right-end"
      width={320}
      shadow="md"
      trapFocus
      returnFocus
      withinPortal
      transitionProps={{ duration: 120 }}
    >
      <Popover.Target>
        <UnstyledButton className={styles.me} onClick={() => setOpen(!isOpen)} data-tour="account">
          <Avatar id={me ?? 'back-end'} name={name} presence={presence} />
          <VisuallyHidden>{name}: status, privacy, appearance, sign out</VisuallyHidden>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={styles.dropdown} aria-label="Account">
        <Suspense>
          <Account onSignOut={onSignOut} onLeave={() => setOpen(false)} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  )
}
