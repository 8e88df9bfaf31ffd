import type { ConnectionSnapshot } from '@parley/client'

/** What the banner says; undefined: nothing is worth a word. */
export interface Notice {
  readonly tone: 'info' | 'warning' | 'danger' | 'success'
  readonly text: string
  readonly action?: 'try_now' | 'connect' | 'sign_in'
}

export interface ConnectionFacts {
  readonly connection: ConnectionSnapshot
  /** It has worked before, so that somebody may miss it. */
  readonly wasConnected: boolean
  /** It was lost and has come back a moment ago. */
  readonly isBack: boolean
  /** Messages that have been written and not answered. */
  readonly waiting: number
}

/** The one sentence about a connection that a person needs now. */
export function noticeOf({ connection, wasConnected, isBack, waiting }: ConnectionFacts): Notice | undefined {
  const { status, online, error } = connection
  if (status === 'connected') return isBack ? { tone: 'success', text: 'Connected again.' } : undefined
  if (status === 'disconnected') {
    if (error === undefined) return undefined
    const isRefused =
      error.code === 'unauthenticated' || error.code.startsWith('token_') || error.code === 'forbidden'
    return { tone: 'danger', text: error.message, action: isRefused ? 'sign_in' : 'connect' }
  }
  const wait = waitingText(waiting)
  if (!online)
    return { tone: 'warning', text: `No network.${wait || ' What you write now is sent when it is back.'}` }
  if (wasConnected)
    return { tone: 'warning', text: `Connection lost, trying again.${wait}`, action: 'try_now' }
  return { tone: 'info', text: `Connecting.${wait}` }
}

function waitingText(waiting: number): string {
  if (waiting === 0) return ''
  return waiting === 1 ? ' 1 message waits.' : ` ${waiting} messages wait.`
}
