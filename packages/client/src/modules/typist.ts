import type { CallOptions } from '@parley/protocol'
import type { ConnectionStatus } from '../connection/connection-state.ts'
import { type Clock, systemClock, type Timer } from '../platform.ts'

export type TypingActivity = 'typing' | 'uploading' | 'recording'

export interface TypistOptions {
  /** The thread in the channel; absent for the channel itself. */
  readonly thread?: number | string | undefined
  readonly clock?: Clock | undefined
}

/** Shows others that somebody is typing here. Its methods never fail, and may be called as often as one likes. */
export interface Typist {
  /** To be called with every key, or with every bit of progress. What goes out is far less. */
  keystroke(activity?: TypingActivity): void
  /** On sending, clearing and leaving the field. */
  stop(): void
}

/** What a typist needs of a client, whatever its contracts are. */
interface TypistClient {
  readonly status: ConnectionStatus
  call(command: string, input: unknown, options?: CallOptions): Promise<unknown>
}

/** The server shows it for twice as long without a repeat. */
const repeatMs = 3_000
const pauseMs = 5_000
/** Who is told that late is not told at all. */
const timeoutMs = 3_000

/**
 * Makes a typist for one field: it tells the server with the first key, then every three seconds while keys are
 * pressed, and that it is over five seconds after the last one. Without a connection it tells nothing.
 */
export function createTypist(
  client: TypistClient,
  channel: string,
  { thread, clock = systemClock }: TypistOptions = {},
): Typist {
  const where = thread === undefined ? { channel } : { channel, thread }
  let shown: TypingActivity | undefined
  let toldAt = 0
  let lastKeyAt = 0
  let pause: Timer | undefined
  let isRefused = false

  const tell = (command: 'typing.start' | 'typing.stop', input: object): void => {
    const options = { timeoutMs, priority: 'high' } as const
    client.call(command, { ...where, ...input }, options).catch((error: unknown) => {
      // Not shown here, not allowed, switched off: asking with every key changes nothing.
      if ((error as { retryable?: boolean }).retryable === false) isRefused = true
    })
  }
  const forget = (): void => {
    pause?.cancel()
    pause = undefined
    shown = undefined
  }
  const stop = (): void => {
    const wasShown = shown !== undefined && client.status === 'connected'
    forget()
    if (wasShown && !isRefused) tell('typing.stop', {})
  }
  const watchForPause = (): void => {
    pause = clock.after(Math.max(0, lastKeyAt + pauseMs - clock.elapsed()), () => {
      if (clock.elapsed() - lastKeyAt >= pauseMs) stop()
      else watchForPause()
    })
  }
  return {
    keystroke(activity = 'typing') {
      // The server has ended it with the connection.
      if (client.status !== 'connected') return forget()
      if (isRefused) return
      const now = clock.elapsed()
      lastKeyAt = now
      if (pause === undefined) watchForPause()
      if (shown === activity && now - toldAt < repeatMs) return
      shown = activity
      toldAt = now
      tell('typing.start', { activity })
    },
    stop,
  }
}
