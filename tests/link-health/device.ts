import { type Client, createClient, websocketTransport } from '@parley/client'
import { type LinkReading, monitoredTransport } from '@parley/client/health'
import { Chance } from '../chaos/chance.ts'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import type { DevicePlan, Step } from './plan.ts'

/** A link of a recording: when it began, died and was seen to end, in ms from the beginning. */
export interface RecordedLink {
  readonly beganAt: number
  /** When it was made dead; else when its end was seen. Absent: it lived on. */
  diedAt?: number
  endedAt?: number
  /** The kind of episode in which it died. */
  cause?: string
}

export interface RecordedReading extends LinkReading {
  readonly link: number
  /** Milliseconds from the beginning. */
  readonly at: number
}

export interface DeviceOptions {
  readonly plan: DevicePlan
  readonly seed: number
  readonly name: string
  readonly port: number
  readonly token: string
  readonly intervalMs: number
}

/** A client of Parley behind a line of its own, to which happens what is planned. */
export class Device {
  readonly links: RecordedLink[] = []
  readonly readings: RecordedReading[] = []
  readonly #options: DeviceOptions
  readonly #proxy: FaultProxy
  readonly #client: Client
  readonly #chance: Chance
  readonly #timers = new Set<NodeJS.Timeout>()
  #startedAt = 0
  #isOver = false
  #episode = 'calm'

  private constructor(options: DeviceOptions, proxy: FaultProxy) {
    this.#options = options
    this.#proxy = proxy
    this.#chance = new Chance(options.seed)
    const transport = monitoredTransport(websocketTransport(), {
      intervalMs: options.intervalMs,
      onLink: () => this.links.push({ beganAt: this.#now }),
      onReading: (reading) => this.readings.push({ ...reading, link: this.links.length - 1, at: this.#now }),
      onEnd: () => this.#ended(),
    })
    this.#client = createClient({
      ...{ url: proxy.url, token: options.token, transport },
      // It is away for longer than people wait, so that what comes of it can be judged.
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    this.#client.on('error', () => undefined)
    this.#client.subscribe(`live:${options.name}`)
  }

  static async make(options: DeviceOptions): Promise<Device> {
    const chance = new Chance(options.seed + 1)
    return new Device(options, await FaultProxy.to(options.port, { random: () => chance.next() }))
  }

  get #now(): number {
    return Math.round(performance.now() - this.#startedAt)
  }

  start(): void {
    this.#startedAt = performance.now()
    for (const step of this.#options.plan.steps) this.#later(step.at, () => this.#do(step))
    this.#later(this.#chance.next() * 15_000, () => {
      this.#client.connect().catch(() => undefined)
      this.#speak()
    })
  }

  async stop(): Promise<void> {
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#client.disconnect()
    await this.#proxy.close()
  }

  #later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }

  #speak(): void {
    const { characters, rate } = this.#options.plan
    this.#later((-1_000 * Math.log(1 - this.#chance.next())) / rate, () => {
      const input = { channel: `live:${this.#options.name}`, data: 'x'.repeat(characters) }
      this.#client.call('channels.publish', input).catch(() => undefined)
      this.#speak()
    })
  }

  #do({ deed, episode }: Step): void {
    this.#episode = episode
    if (deed.what === 'worsen') {
      this.#proxy.worsen(deed.conditions)
      return
    }
    const link = this.links.at(-1)
    if (link !== undefined && link.endedAt === undefined) {
      link.diedAt ??= this.#now
      link.cause ??= episode
    }
    for (const each of this.#proxy.links) {
      if (deed.what === 'reset') each.reset()
      else each.halfOpen('client')
    }
  }

  #ended(): void {
    const link = this.links.at(-1)
    if (link === undefined || this.#isOver) return
    link.endedAt = this.#now
    link.diedAt ??= link.endedAt
    link.cause ??= this.#episode
  }
}
