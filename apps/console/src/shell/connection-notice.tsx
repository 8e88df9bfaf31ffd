import { Button } from '@mantine/core'
import { Sentence } from '@parley/look'
import { useRealtime } from '@parley/react'
import { useEffect, useState } from 'react'
import styles from './shell.module.css'
import { useOperator } from './signed-in.tsx'

/** One line about the connection, when there is something to say: what is shown is old then. */
export function ConnectionNotice() {
  const { client, connectionStatus, isOnline } = useRealtime()
  const { signOut } = useOperator()
  const lostAt = useLostAt(connectionStatus === 'connected')
  const { error } = client.connection
  const isRefused = connectionStatus === 'disconnected' && error !== undefined
  const text = isRefused ? error.message : lostAt === undefined ? undefined : waiting(isOnline, lostAt)
  return (
    <div role="status" aria-live="polite">
      {text !== undefined && (
        <div className={styles.notice} data-tone={isRefused ? 'danger' : 'warning'}>
          <span className={styles.noticeText}>
            <Sentence text={text} />
          </span>
          {isRefused ? (
            <Button variant="default" size="compact-sm" onClick={() => signOut(error.message)}>
              Sign in again
            </Button>
          ) : (
            <Button variant="default" size="compact-sm" onClick={() => client.reconnect()}>
              Try now
            </Button>
          )}
        </div>
      )}
    </div>
  )
}

function waiting(isOnline: boolean, lostAt: number): string {
  const time = new Date(lostAt).toLocaleTimeString([], { timeStyle: 'medium' })
  return `${isOnline ? 'Connection lost, trying again.' : 'No network.'} What is shown is as of ${time}.`
}

/** When the connection that worked was lost; undefined while there is one, and before the first. */
function useLostAt(isConnected: boolean): number | undefined {
  const [wasConnected, setWasConnected] = useState(false)
  const [lostAt, setLostAt] = useState<number>()
  useEffect(() => {
    if (isConnected) setWasConnected(true)
    setLostAt(isConnected || !wasConnected ? undefined : Date.now())
  }, [isConnected, wasConnected])
  return lostAt
}
