import type { Caller } from '../commands/call.ts'
import type { Kind } from '../kind.ts'
import type { Rates } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import { TokenBuckets } from './token-bucket.ts'

/** The rates of a node: who calls, connects or publishes how often. */
export class Throttle {
  readonly #clock: Clock
  readonly #users: TokenBuckets
  readonly #ips: TokenBuckets
  readonly #apps: TokenBuckets
  readonly #connects: TokenBuckets
  readonly #channels = new Map<Kind, TokenBuckets>()
  readonly #connections = new Map<string, number>()

  constructor(clock: Clock, rates: Rates) {
    this.#clock = clock
    this.#users = new TokenBuckets(rates.user)
    this.#ips = new TokenBuckets(rates.ip)
    this.#apps = new TokenBuckets(rates.app)
    this.#connects = new TokenBuckets(rates.connectPerIp)
  }

  /** Milliseconds that a caller must wait; 0 when it may call now. Back ends count by app only. */
  call({ identity, ip }: Caller): number {
    const now = this.#clock.elapsed()
    const app = identity?.app ?? 'default'
    const appMs = this.#apps.take(app, now)
    if (identity?.role === 'backend' || appMs > 0) return appMs
    const userMs = identity?.user === undefined ? 0 : this.#users.take(`${app}\n${identity.user}`, now)
    if (userMs > 0) return userMs
    return ip === undefined ? 0 : this.#ips.take(ip, now)
  }

  connect(ip: string): number {
    return this.#connects.take(ip, this.#clock.elapsed())
  }

  connectionsFrom(ip: string): number {
    return this.#connections.get(ip) ?? 0
  }

  connected(ip: string): void {
    this.#connections.set(ip, this.connectionsFrom(ip) + 1)
  }

  released(ip: string): void {
    const left = this.connectionsFrom(ip) - 1
    if (left > 0) this.#connections.set(ip, left)
    else this.#connections.delete(ip)
  }

  /** Buckets of a kind's channels; undefined when the kind has no rate. */
  channelBuckets(kind: Kind): TokenBuckets | undefined {
    const { publishPerSecond } = kind.limits
    if (publishPerSecond === 0) return undefined
    let buckets = this.#channels.get(kind)
    if (buckets === undefined) {
      buckets = new TokenBuckets({ perSecond: publishPerSecond, burst: publishPerSecond * 2 })
      this.#channels.set(kind, buckets)
    }
    return buckets
  }

  sweep(): void {
    const now = this.#clock.elapsed()
    for (const buckets of [this.#users, this.#ips, this.#apps, this.#connects, ...this.#channels.values()])
      buckets.sweep(now)
  }
}
