'use client'

import { type ReactNode, useEffect, useState } from 'react'
import { useRealtime } from '../use-realtime.ts'
import { useChatUi } from './chat-ui.tsx'
import { classNames } from './class-names.ts'

export interface ConnectionStatusProps {
  /** Shown also while everything is well; default false. */
  readonly always?: boolean | undefined
  /** An interruption that is over sooner is not told; default 1,000. */
  readonly afterMs?: number | undefined
  readonly className?: string | undefined
}

/** Says that the connection is down, and what becomes of what is written meanwhile. */
export function ConnectionStatus({
  always = false,
  afterMs = 1_000,
  className,
}: ConnectionStatusProps): ReactNode {
  const { connectionStatus, isOnline, client } = useRealtime()
  const { texts } = useChatUi()
  const isDown = connectionStatus !== 'connected'
  const [isLong, setLong] = useState(false)
  useEffect(() => {
    if (!isDown) return
    const timer = setTimeout(() => setLong(true), afterMs)
    return () => {
      clearTimeout(timer)
      setLong(false)
    }
  }, [isDown, afterMs])
  const isTold = always || (isDown && isLong)
  const status = !isDown ? 'connected' : isOnline ? connectionStatus : 'offline'
  const reason = client.connection.error?.message
  // The region is there before its text, or the text is not announced.
  return (
    <div
      className={classNames('parley-connection', className)}
      role="status"
      data-status={isTold ? status : undefined}
    >
      {isTold && (
        <>
          <span className="parley-connection-dot" aria-hidden="true" />
          {status === 'disconnected' && reason !== undefined
            ? `${texts.disconnected} ${reason}`
            : texts[status]}
          {status === 'disconnected' && (
            <button
              type="button"
              className="parley-button"
              onClick={() => void client.connect().catch(() => undefined)}
            >
              {texts.tryAgain}
            </button>
          )}
        </>
      )}
    </div>
  )
}
