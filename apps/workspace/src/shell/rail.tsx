import { Popover, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useRealtime } from '@parley/react'
import { Avatar } from '../presence/avatar.tsx'
import { Mark } from '../theme/mark.tsx'
import { Account } from './account.tsx'
import { useDesk } from './desk.ts'
import styles from './rail.module.css'

/** The edge of a wide window: whose this is, and who one is. */
export function Rail({ onSignOut }: { readonly onSignOut: () => void }) {
  const { me, name } = useDesk()
  const presence = useRealtime().connectionStatus === 'connected' ? 'online' : 'unknown'
  return (
    <section className={styles.rail} aria-label="Account">
      <span className={styles.mark}>
        <Mark size={28} />
      </span>
      <span className={styles.space} />
      <Popover
        position="right-end"
        width={296}
        shadow="md"
        trapFocus
        returnFocus
        withinPortal
        transitionProps={{ duration: 120 }}
      >
        <Popover.Target>
          <UnstyledButton className={styles.me}>
            <Avatar id={me ?? 'back-end'} name={name} presence={presence} />
            <VisuallyHidden>{name}: appearance, API, sign out</VisuallyHidden>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown className={styles.dropdown} aria-label="Account">
          <Account onSignOut={onSignOut} />
        </Popover.Dropdown>
      </Popover>
    </section>
  )
}
