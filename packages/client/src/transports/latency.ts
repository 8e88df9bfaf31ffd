import type { Clock } from '../platform.ts'
import { fetcherOf } from './http-target.ts'

export interface LatencyOptions {
  readonly fetch?: typeof fetch | undefined
  readonly clock: Clock
  readonly patienceMs: number
}

/**
 * Addresses of servers, the one that answers soonest first; those that do not answer come last, in their order. Each is
 * asked twice: the first question also makes the connection, the second is the one that is timed.
 */
export async function byLatency(
  addresses: readonly string[],
  options: LatencyOptions,
): Promise<readonly string[]> {
  const times = await Promise.all(addresses.map((address) => timeOf(address, options)))
  return addresses
    .map((address, index) => ({ address, ms: times[index] ?? Number.POSITIVE_INFINITY }))
    .toSorted((one, other) => (one.ms === other.ms ? 0 : one.ms - other.ms))
    .map(({ address }) => address)
}

async function timeOf(address: string, options: LatencyOptions): Promise<number> {
  const { clock, patienceMs } = options
  const giveUp = new AbortController()
  const timer = clock.after(patienceMs, () => giveUp.abort())
  try {
    const page = (globalThis as { location?: { readonly href: string } }).location?.href
    const url = new URL('/health', new URL(address, page).href.replace(/^ws/, 'http')).href
    const ask = (): Promise<unknown> =>
      // Also from a page of another origin: the answer need not be read.
      fetcherOf(options)(url, { method: 'HEAD', mode: 'no-cors', cache: 'no-store', signal: giveUp.signal })
    await ask()
    const began = clock.elapsed()
    await ask()
    return clock.elapsed() - began
  } catch {
    return Number.POSITIVE_INFINITY
  } finally {
    timer.cancel()
  }
}
