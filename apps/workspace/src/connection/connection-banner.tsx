import { Button } from '@mantine/core'
import { Sentence } from '@parley/look'
import { useClient } from '@parley/react'
import styles from './connection-banner.module.css'
import { useNotice } from './use-notice.ts'
import type { Waits } from './waiting.ts'

interface ConnectionBannerProps {
  readonly waiting: Waits
  /** Back to signing in, with the reason. */
  readonly onSignIn: (reason: string) => void
}

/** One line about the connection, when there is something to say. */
export function ConnectionBanner({ waiting, onSignIn }: ConnectionBannerProps) {
  const client = useClient()
  const notice = useNotice(waiting)
  const connect = () => void client.connect().catch(() => undefined)
  return (
    <div role="status" aria-live="polite" className={styles.place}>
      {notice && (
        <div className={styles.banner} data-tone={notice.tone}>
          <span className={styles.text}>
            <Sentence text={notice.text} />
          </span>
          {notice.action === 'try_now' && (
            <Button variant="default" size="compact-sm" onClick={() => client.reconnect()}>
              Try now
            </Button>
          )}
          {notice.action === 'connect' && (
            <Button variant="default" size="compact-sm" onClick={connect}>
              Connect
            </Button>
          )}
          {notice.action === 'sign_in' && (
            <Button variant="default" size="compact-sm" onClick={() => onSignIn(notice.text)}>
              Sign in again
            </Button>
          )}
        </div>
      )}
    </div>
  )
}
