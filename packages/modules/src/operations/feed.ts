import { type ModuleServices, operatorApp, type Vitals } from '@parley/kernel'
import { Meter } from './figures.ts'
import { type ConnectionRecord, figuresChannel, operationsKind, watchedPrefix } from './model.ts'

const figuresMs = 1_000
/** Records of a connection go out together so often, and at most so many at once. */
const recordsMs = 200
const maxRecords = 200
/** A client that is looked at is asked for a sign of life so often, so that the way is timed. */
const pingMs = 5_000

/** Feeds the channels that operators watch, each while somebody is subscribed to it and no longer. */
export class Feed {
  readonly #services: ModuleServices
  readonly #vitals: Vitals
  readonly #feeding = new Map<string, () => void>()

  constructor(services: ModuleServices, vitals: Vitals) {
    this.#services = services
    this.#vitals = vitals
  }

  /** Somebody is about to subscribe. */
  begin(app: string, channel: string): void {
    if (app !== operatorApp || this.#feeding.has(channel)) return
    if (channel === figuresChannel) this.#feeding.set(channel, this.#feedFigures())
    else if (channel.startsWith(watchedPrefix)) {
      const stop = this.#feedRecords(channel, channel.slice(watchedPrefix.length))
      if (stop !== undefined) this.#feeding.set(channel, stop)
    }
  }

  /** Nobody is subscribed any more. */
  end(channel: string): void {
    this.#feeding.get(channel)?.()
    this.#feeding.delete(channel)
  }

  stop(): void {
    for (const channel of [...this.#feeding.keys()]) this.end(channel)
  }

  #feedFigures(): () => void {
    const { clock } = this.#services
    const meter = new Meter(this.#services, this.#vitals)
    let readAt = clock.elapsed()
    const stop = this.#every(figuresMs, () => {
      const now = clock.elapsed()
      this.#publish(figuresChannel, 'metrics_update', meter.read(clock.now(), now - readAt))
      readAt = now
    })
    return () => {
      stop()
      meter.stop()
    }
  }

  #feedRecords(channel: string, session: string): (() => void) | undefined {
    const { inspection } = this.#services
    let records: ConnectionRecord[] = []
    let skipped = 0
    const record = (one: ConnectionRecord) => {
      if (records.length < maxRecords) records.push(one)
      else skipped += 1
    }
    const stopWatching = inspection.watch(session, record, operationsKind)
    if (stopWatching === undefined) return undefined
    const stopSending = this.#every(recordsMs, () => {
      if (records.length === 0) return
      this.#publish(channel, 'operations.connection_recorded', { records, skipped })
      records = []
      skipped = 0
    })
    inspection.ping(session)
    const stopPinging = this.#every(pingMs, () => inspection.ping(session))
    return () => {
      stopWatching()
      stopSending()
      stopPinging()
    }
  }

  #publish(channel: string, type: string, data: unknown): void {
    // What is lost here is lost to somebody who looks on; the next one comes soon.
    void this.#services.run(operatorApp, (ctx) => ctx.append({ channel, type, data })).catch(() => undefined)
  }

  #every(periodMs: number, run: () => void): () => void {
    const { clock } = this.#services
    let timer = clock.after(periodMs, function again() {
      timer = clock.after(periodMs, again)
      run()
    })
    return () => timer.cancel()
  }
}
