import { ActionIcon, Button } from '@mantine/core'
import { Icon, Sentence } from '@parley/look'
import { useSyncExternalStore } from 'react'
import { useDesk } from '../desk.ts'
import styles from './announcer.module.css'

/** Shows and speaks what is announced. */
export function Announcer() {
  const { announcements } = useDesk()
  const current = useSyncExternalStore(announcements.watch, announcements.current)
  return (
    <div className={styles.place} role="status" aria-live="polite">
      {current.map(({ id, text, tone, action }) => (
        <div key={id} className={styles.card} data-tone={tone}>
          <span className={styles.text}>
            <Sentence text={text} />
          </span>
          {action && (
            <Button
              variant="subtle"
              size="compact-sm"
              onClick={() => {
                announcements.dismiss(id)
                action.run()
              }}
            >
              {action.label}
            </Button>
          )}
          <ActionIcon
            variant="subtle"
            color="quiet"
            size={24}
            aria-label="Dismiss"
            onClick={() => announcements.dismiss(id)}
          >
            <Icon name="close" size={14} />
          </ActionIcon>
        </div>
      ))}
    </div>
  )
}
