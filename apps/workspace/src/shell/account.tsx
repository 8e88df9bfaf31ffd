import { Button } from '@mantine/core'
import { useRealtime } from '@parley/react'
import { Avatar } from '../presence/avatar.tsx'
import { Icon } from '../theme/icon.tsx'
import { SchemeChoice } from '../theme/scheme-choice.tsx'
import styles from './account.module.css'
import { useDesk } from './desk.ts'

/** Who is signed in, how it looks to them, the API behind it, and the way out. */
export function Account({ onSignOut }: { readonly onSignOut: () => void }) {
  const { me, name } = useDesk()
  const presence = useRealtime().connectionStatus === 'connected' ? 'online' : 'unknown'
  return (
    <div className={styles.account}>
      <div className={styles.person}>
        <Avatar id={me ?? 'back-end'} name={name} presence={presence} />
        <div className={styles.words}>
          <bdi className={styles.name}>{name}</bdi>
          <code className={styles.id}>{me ?? 'no user'}</code>
        </div>
      </div>
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
