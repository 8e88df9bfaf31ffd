import { ParleyError } from '@parley/protocol'
import type { Clock } from '../ports/clock.ts'

/** How often a thing that failed is tried again, and how the pauses between grow. */
export interface RetryPolicy {
  /** Attempts after the first. */
  readonly maxRetries: number
  /** Ceiling of the first pause. It doubles with every attempt. */
  readonly baseMs: number
  /** Highest ceiling. */
  readonly capMs: number
}

export const retryDefaults: RetryPolicy = { maxRetries: 3, baseMs: 100, capMs: 30_000 }

/**
 * Milliseconds to wait before retry number `retry`, which counts from 1. Full jitter: any time between 0 and the ceiling,
 * so that those who failed together do not come back together.
 *
 * @param random in [0, 1)
 */
export function retryDelayMs(
  retry: number,
  { baseMs, capMs }: Pick<RetryPolicy, 'baseMs' | 'capMs'>,
  random: number,
): number {
  return random * Math.min(capMs, baseMs * 2 ** (retry - 1))
}

export interface RetryOptions {
  readonly clock: Pick<Clock, 'after' | 'random'>
  /** Default {@link retryDefaults}. */
  readonly policy?: Partial<RetryPolicy>
  /** Whether another attempt may succeed where this one failed. Default {@link mayPass}. */
  readonly mayPass?: (error: unknown) => boolean
  /** Ends the waiting: what failed last is thrown. */
  readonly signal?: AbortSignal | undefined
}

/** Whether an error may be gone at the next attempt: all but those whose code says that the same will fail again. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof ParleyError) || error.retryable || error.code === 'internal'
}

/**
 * Does a thing, and does it again after a pause while it fails and may pass.
 *
 * @param work is given the number of the attempt, from 1
 * @throws what the last attempt threw
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  { clock, policy = {}, mayPass: isWorthIt = mayPass, signal }: RetryOptions,
): Promise<T> {
  const wanted = { ...retryDefaults, ...policy }
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (attempt > wanted.maxRetries || isAborted(signal) || !isWorthIt(error)) throw error
      const hintMs = error instanceof ParleyError ? (error.retryAfterMs ?? 0) : 0
      await pause(clock, Math.max(hintMs, retryDelayMs(attempt, wanted, clock.random())), signal)
      if (isAborted(signal)) throw error
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function pause(clock: Pick<Clock, 'after'>, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    const stop = (): void => {
      timer.cancel()
      resolve()
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}
