import type { Client } from '@parley/client'
import { useClient } from '@parley/react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { type Notice, noticeOf } from './notice.ts'
import type { Waits } from './waiting.ts'

/** A blink of the connection is nobody's business; a longer one is. */
const patienceMs = 400
/** How long "connected again" stays. */
const relief = 4_000

/** What the banner says now. */
export function useNotice(waiting: Waits): Notice | undefined {
  const client = useClient()
  const connection = useConnection(client)
  const count = useSyncExternalStore(waiting.watch, waiting.count)
  const { status } = connection
  const [wasConnected, setWasConnected] = useState(status === 'connected')
  const [isShown, setShown] = useState(false)
  const [isBack, setBack] = useState(false)

  useEffect(() => {
    if (status !== 'connected') {
      setBack(false)
      const timer = setTimeout(() => setShown(true), patienceMs)
      return () => clearTimeout(timer)
    }
    setWasConnected(true)
    setShown(false)
    const timer = setTimeout(() => setBack(false), relief)
    return () => clearTimeout(timer)
  }, [status])

  // What was said to be lost is said to be back; what nobody saw go is not.
  const [seen, setSeen] = useState(status)
  if (seen !== status) {
    setSeen(status)
    if (status === 'connected' && wasConnected && isShown) setBack(true)
  }

  const notice = noticeOf({ connection, wasConnected, isBack, waiting: count })
  return isShown || status !== 'connecting' ? notice : undefined
}

function useConnection(client: Client) {
  return useSyncExternalStore(
    (listener) => client.on('status', () => listener()),
    () => client.connection,
  )
}
