import { type Clock, systemClock, type Timer } from '../platform.ts'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'
import { FallbackAttempt } from './fallback-attempt.ts'
import { byLatency } from './latency.ts'

export interface FallbackOptions {
  /** Further addresses of the same service, tried when one answers by no transport. */
  readonly backups?: readonly string[] | undefined
  /**
   * Which address comes first: the client's own and then those of `backups` as they are listed (the default), or the one
   * that answers soonest. Asked by `HEAD /health`, once.
   */
  readonly prefer?: 'listed' | 'nearest' | undefined
  /** A transport that has brought nothing after so long is given up, in ms; default 4,000. */
  readonly patienceMs?: number | undefined
  /** The next transport is begun beside one that is not open after so long, in ms; default 1,500. */
  readonly hedgeMs?: number | undefined
  /**
   * How long after falling back the better choices are tried again, in ms, growing to 16 times as much while they fail;
   * default 30,000. `Infinity`: not before the next connection.
   */
  readonly upgradeMs?: number | undefined
  readonly fetch?: typeof fetch | undefined
  readonly clock?: Clock | undefined
}

/** A transport to an address. */
export interface Candidate {
  readonly transport: ClientTransport
  /** None: the address of the client itself. */
  readonly url?: string | undefined
}

const defaults = { patienceMs: 4_000, hedgeMs: 1_500, upgradeMs: 30_000 }
const longestGrowth = 16
/** Any server answers it, whoever asks; to nobody else it means anything. */
const probe = '{"op":"ping"}'
/** By which a client moves to a new connection at once, with everything that it holds. */
const moveOn = '{"op":"goaway","retryAfterMs":0,"spreadMs":0}'

/**
 * Tries transports in order until one brings something from the server, and begins with that one the next time. What was
 * sent so far is sent again on the next: until the server has answered, it is only who the client is and what it wants
 * to hear. While a later choice is used, better ones are tried in the background; when one works, the client moves to it.
 */
export function fallbackTransport(
  transports: readonly ClientTransport[],
  options: FallbackOptions = {},
): ClientTransport {
  return new Fallback(transports, options)
}

class Fallback implements ClientTransport {
  readonly #transports: readonly ClientTransport[]
  readonly #options: FallbackOptions
  readonly #clock: Clock
  #candidates: readonly Candidate[]
  #isSorted: boolean
  #best = 0
  /** Vain tries to do better, since one worked. */
  #vain = 0
  #upgrade: Timer | undefined
  #probes: Link[] = []

  constructor(transports: readonly ClientTransport[], options: FallbackOptions) {
    this.#transports = transports
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const { backups = [] } = options
    this.#candidates = this.#over([undefined, ...backups])
    this.#isSorted = options.prefer !== 'nearest' || backups.length === 0
  }

  get name(): string {
    return this.#candidates[this.#best]?.transport.name ?? 'none'
  }

  open(url: string, handlers: LinkHandlers): Link {
    this.#rest()
    const { patienceMs = defaults.patienceMs, hedgeMs = defaults.hedgeMs } = this.#options
    const attempt = new FallbackAttempt(url, handlers, {
      ...{ patienceMs, hedgeMs, clock: this.#clock },
      settled: (candidate, better) => {
        this.#best = this.#candidates.indexOf(candidate)
        if (this.#best > 0) this.#watch(url, handlers, better)
        else this.#vain = 0
      },
      // Nothing answers: the next time begins with the first choice.
      failed: () => {
        this.#best = 0
      },
      over: () => this.#rest(),
    })
    void this.#sorted(url).then(() => {
      const before = this.#candidates.slice(0, this.#best)
      attempt.begin([...this.#candidates.slice(this.#best), ...before])
    })
    return attempt
  }

  #over(addresses: readonly (string | undefined)[]): readonly Candidate[] {
    return addresses.flatMap((url) => this.#transports.map((transport) => ({ transport, url })))
  }

  async #sorted(own: string): Promise<void> {
    if (this.#isSorted) return
    this.#isSorted = true
    const { backups = [], fetch, patienceMs = defaults.patienceMs } = this.#options
    const sorted = await byLatency([own, ...backups], { fetch, clock: this.#clock, patienceMs })
    this.#candidates = this.#over(sorted.map((url) => (url === own ? undefined : url)))
  }

  /** Tries to do better after a while; at once, if a better choice has shown that it works. */
  #watch(url: string, handlers: LinkHandlers, hasBetter: boolean): void {
    const { upgradeMs = defaults.upgradeMs } = this.#options
    if (upgradeMs === Number.POSITIVE_INFINITY) return
    const growth = Math.min(longestGrowth, 2 ** this.#vain)
    const delayMs =
      hasBetter && this.#vain === 0 ? 0 : upgradeMs * growth * (0.8 + this.#clock.random() * 0.4)
    this.#upgrade = this.#clock.after(delayMs, () => this.#probe(url, handlers))
  }

  /** Asks every better choice at once; the first to answer is taken. */
  #probe(url: string, handlers: LinkHandlers): void {
    const { patienceMs = defaults.patienceMs } = this.#options
    this.#vain += 1
    const over = (): void => {
      this.#stopProbes()
      this.#watch(url, handlers, false)
    }
    this.#upgrade = this.#clock.after(patienceMs, over)
    this.#probes = this.#candidates.slice(0, this.#best).map((candidate, index) => {
      const link: Link = candidate.transport.open(candidate.url ?? url, {
        opened: () => link.send(probe),
        received: () => {
          this.#rest()
          this.#best = index
          handlers.received(moveOn)
        },
        closed: () => undefined,
      })
      return link
    })
  }

  #rest(): void {
    this.#upgrade?.cancel()
    this.#stopProbes()
  }

  #stopProbes(): void {
    for (const link of this.#probes.splice(0)) link.close(3000, 'a probe')
  }
}
