import { Button } from '@mantine/core'
import { Icon, SchemeChoice } from '@parley/look'
import { Avatar, wordsOf } from '../presence/avatar.tsx'
import { useMyPresence } from '../presence/use-my-presence.ts'
import { Notifications } from '../shell/attention/notifications.tsx'
import { useDesk } from '../shell/desk.ts'
import styles from './account.module.css'
import { Availability } from './availability.tsx'
import { Privacy } from './privacy.tsx'
import { usePresenceSettings } from './use-presence-settings.ts'

interface AccountProps {
  readonly onSignOut: () => void
  /** Something else is opened instead. */
  readonly onLeave?: (() => void) | undefined
}

/** Who is signed in, how they appear to others, how the page looks, and the way out. */
export function Account({ onSignOut, onLeave }: AccountProps) {
  const { me, name } = useDesk()
  const presence = useMyPresence()
  return (
    <div className={styles.account}>
      <div className={styles.person}>
        <Avatar id={me ?? 'back-end'} name={name} presence={presence} size={40} />
        <div className={styles.words}>
          <bdi className={styles.name}>{name}</bdi>
          <span className={styles.id}>
            {me === undefined ? 'no user' : <code>{me}</code>} · {wordsOf(presence)}
          </span>
        </div>
      </div>
      {me !== undefined && <Appearing onLeave={onLeave} />}
      <SchemeChoice />
      <a className={styles.link} href="/docs/api">
        <Icon name="reference" size={18} />
        API of this server
      </a>
      <Button variant="default" fullWidth onClick={onSignOut} leftSection={<Icon name="leave" size={18} />}>
        Sign out
      </Button>
    </div>
  )
}

function Appearing({ onLeave }: Pick<AccountProps, 'onLeave'>) {
  const presence = usePresenceSettings()
  return (
    <>
      <Availability {...presence} onLeave={onLeave} />
      <Privacy {...presence} />
      <Notifications />
    </>
  )
}
