import { ParleyError, type Position } from '@parley/protocol'
import type { AccessLog } from '../access/access-log.ts'
import type { Hub } from '../channels/hub.ts'
import type { Activity } from '../inspection/activity.ts'
import { commitSpan } from '../inspection/spans.ts'
import type { Clock } from '../ports/clock.ts'
import type { RecentLog, StoredEvent } from '../ports/event-log.ts'
import type { Logger } from '../ports/logger.ts'
import {
  type CommitResult,
  controlChannel,
  type Receipt,
  type Redaction,
  type Store,
  type StoredReceipt,
  type Unit,
  type UnitEvent,
} from '../ports/store.ts'
import type { Tracer } from '../ports/tracer.ts'
import type { CollectedEvent, UnitContext } from './unit-context.ts'
import { countDurable } from './unit-offsets.ts'

/** What became of a unit. */
export type Published =
  | { readonly status: 'done'; readonly positions: readonly Position[] }
  | { readonly status: 'repeated'; readonly receipt: StoredReceipt }
  | { readonly status: 'refused' }

/** What the other nodes of a cluster are told of events. */
export interface PublisherCluster {
  announce(
    app: string,
    channel: string,
    placed: { readonly event: StoredEvent; readonly epoch: string; readonly control?: number },
  ): void
  announceEphemeral(app: string, channel: string, event: UnitEvent): void
  announceHeads(app: string, channels: Iterable<string>): Promise<void>
}

export interface PublisherParts {
  readonly store: Store
  readonly recentLog: RecentLog
  readonly hub: Hub
  readonly accessLog: AccessLog
  readonly clock: Clock
  readonly log: Logger
  readonly activity: Activity
  /** Absent on a node that is alone. */
  readonly cluster?: PublisherCluster | undefined
  /** Absent where nobody traces. */
  readonly tracer?: Tracer | undefined
  /** Told how long the store took for a unit that it took. */
  readonly onStored: (elapsedMs: number) => void
  /** Told of every event that has its place. */
  readonly onEvent: (app: string, event: UnitEvent, position: Position) => void
}

/**
 * Brings a unit into the world: commits what is durable, then emits `recent` and `ephemeral` events, applies access
 * changes and hands events to the fan-out, in the order of their offsets.
 */
export class Publisher {
  readonly #parts: PublisherParts
  /**
   * By app: while it is not known whether an access change was stored, and whatever waits behind it. What follows goes
   * out when the change has been applied, if there was one.
   */
  readonly #gates = new Map<string, Promise<unknown>>()

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** Submits a unit. Answers at once when nothing of it is durable and the logs are in this process. */
  submit(ctx: UnitContext, receipt: Receipt | undefined): Published | Promise<Published> {
    const durable = ctx.events.filter(({ kind }) => kind.durability === 'durable')
    const isDurable = durable.length > 0 || ctx.writes.length > 0 || ctx.assertions.length > 0
    if (isDurable || ctx.redactions !== undefined) return this.#commit(ctx, durable, receipt)
    const positions = this.#emit(ctx.app, ctx.events)
    return isPromise(positions) ? positions.then(done) : done(positions)
  }

  async #commit(
    ctx: UnitContext,
    durable: readonly CollectedEvent[],
    receipt: Receipt | undefined,
  ): Promise<Published> {
    const { app, events, redactions, writes } = ctx
    const unit: { -readonly [Part in keyof Unit]: Unit[Part] } = {
      app,
      assertions: ctx.assertions,
      writes: durable.length === events.length ? writes : countDurable(writes, events),
      events: durable.map(({ event }) => event),
    }
    if (redactions !== undefined) unit.redactions = redactions
    if (redactions !== undefined && this.#parts.cluster !== undefined)
      unit.events = [...unit.events, ...this.#redactionEvents(redactions)]
    if (receipt !== undefined) unit.receipt = receipt
    const span = commitSpan(this.#parts.tracer, ctx.traceparent, unit.events.length)
    const storing = this.#store(unit)
    const result = await (span === undefined ? storing : storing.finally(() => span.end()))
    if (result.status === 'repeated') return result
    if (result.status === 'refused') return { status: 'refused' }
    ctx.committed()
    this.#announce(unit, result)
    if (redactions !== undefined) this.#redact(app, redactions)
    const gate = this.#gates.get(app)
    if (gate === undefined) return this.#publish(ctx, unit, result)
    const published = gate.then(() => this.#publish(ctx, unit, result))
    this.#shutGate(app, published)
    return published
  }

  /** Tells the other nodes of a redaction, which {@link EventLog.redact} has made in no unit. */
  async tellRedaction(app: string, redaction: Redaction): Promise<void> {
    if (this.#parts.cluster === undefined) return
    const unit: Unit = { app, assertions: [], writes: [], events: this.#redactionEvents([redaction]) }
    const result = await this.#store(unit)
    if (result.status !== 'committed') return
    this.#announce(unit, result)
    await this.#parts.accessLog.committed(app, { ...unit, positions: result.positions }, result.control)
  }

  /** Every node learns of them, in their place among the access changes: what it has in memory of the words is gone then. */
  #redactionEvents(redactions: readonly Redaction[]): UnitEvent[] {
    const at = this.#parts.clock.now()
    const byChannel = Map.groupBy(redactions, ({ channel }) => channel)
    return [...byChannel].map(([channel, found]) => {
      const data = JSON.stringify({ channel, offsets: found.map(({ offset }) => offset) })
      return { channel: controlChannel, type: 'control.redact', data, at }
    })
  }

  #announce({ app, events }: Unit, { positions, control }: Committed): void {
    const { cluster } = this.#parts
    if (cluster === undefined) return
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as UnitEvent
      const { epoch, offset } = positions[index] as Position
      cluster.announce(app, event.channel, { event: stored(event, offset), epoch, control })
    }
  }

  /** Applies the access changes of a unit that is committed, and sends its events out. */
  #publish(ctx: UnitContext, unit: Unit, result: Committed): Published | Promise<Published> {
    const { app, events } = unit
    const { positions, control } = result
    const missing = this.#parts.accessLog.committed(app, { events, positions }, control)
    if (missing === undefined) return this.#sendOut(ctx, unit, positions)
    // Where the changes of other nodes cannot be read, the events wait until somebody compares positions.
    const published = missing.then((mayGoOut) =>
      mayGoOut ? this.#sendOut(ctx, unit, positions) : done(merge(ctx.events, positions, [])),
    )
    this.#shutGate(app, published)
    return published
  }

  #redact(app: string, redactions: readonly Redaction[]): void {
    for (const { channel, offset } of redactions) this.#parts.hub.redacted(app, channel, offset)
  }

  #sendOut(ctx: UnitContext, unit: Unit, positions: readonly Position[]): Published | Promise<Published> {
    // Once more: the event itself may have waited at the gate until now.
    if (unit.redactions !== undefined) this.#redact(unit.app, unit.redactions)
    this.#fanOut(unit.app, unit.events, positions)
    if (unit.events.length === ctx.events.length) return done(positions)
    return this.#emitOthers(ctx, positions)
  }

  async #emitOthers(ctx: UnitContext, durable: readonly Position[]): Promise<Published> {
    const others = ctx.events.filter(({ kind }) => kind.durability !== 'durable')
    try {
      return done(merge(ctx.events, durable, await this.#emit(ctx.app, others)))
    } catch (error) {
      // What is durable stands, and so does the call; the rest was promised to nobody.
      this.#parts.log.warn('Events that are not durable were lost behind a unit that is.', {
        error: String(error),
      })
      return done(merge(ctx.events, durable, []))
    }
  }

  #shutGate(app: string, until: Promise<unknown>): void {
    const gate = until.catch(() => undefined)
    this.#gates.set(app, gate)
    void gate.then(() => {
      if (this.#gates.get(app) === gate) this.#gates.delete(app)
    })
  }

  /** Commits; when the outcome is unknown, sees to it that what may have been stored reaches those who listen. */
  async #store(unit: Unit): Promise<CommitResult> {
    const { activity, clock, onStored, store } = this.#parts
    const begunAt = clock.elapsed()
    try {
      const result = await store.commit(unit)
      const elapsedMs = clock.elapsed() - begunAt
      onStored(elapsedMs)
      activity.timings?.committed(elapsedMs)
      return result
    } catch (error) {
      if (mayBeStored(error)) {
        const known = this.#reconcile(unit)
        if (unit.events.some(({ channel }) => channel === controlChannel)) this.#shutGate(unit.app, known)
      }
      throw error
    }
  }

  async #reconcile({ app, events, redactions = [] }: Unit): Promise<void> {
    const { accessLog, clock, cluster, hub, store } = this.#parts
    const names = events.map(({ channel }) => channel)
    for (let attempt = 1; attempt <= maxReconciliations; attempt++) {
      try {
        await accessLog.reconcile(app)
        await hub.reconcile(app, names)
        for (const { channel, offset } of redactions) {
          const [event] = await store.pick(app, channel, [offset])
          if (event === undefined || event.redacted) hub.redacted(app, channel, offset)
        }
        await cluster?.announceHeads(app, names)
        return
      } catch {
        // The log cannot be read now. After some minutes the next event of the channel mends it.
        const delayMs = 250 * 2 ** attempt * (0.5 + clock.random())
        await new Promise<void>((resolve) => clock.after(delayMs, resolve))
      }
    }
  }

  #fanOut(app: string, events: readonly UnitEvent[], positions: readonly Position[]): void {
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as UnitEvent
      const position = positions[index] as Position
      this.#parts.hub.published(app, event.channel, position.epoch, [stored(event, position.offset)])
      this.#parts.onEvent(app, event, position)
    }
  }

  #emit(app: string, events: readonly CollectedEvent[]): readonly Position[] | Promise<readonly Position[]> {
    const positions: (Position | Promise<Position>)[] = events.map((collected) =>
      this.#emitOne(app, collected),
    )
    return positions.some(isPromise) ? Promise.all(positions) : (positions as Position[])
  }

  #emitOne(app: string, { event, kind }: CollectedEvent): Position | Promise<Position> {
    if (kind.durability === 'ephemeral') {
      const position = this.#parts.hub.publishEphemeral(app, event.channel, event)
      this.#parts.cluster?.announceEphemeral(app, event.channel, event)
      this.#parts.onEvent(app, event, position)
      return position
    }
    const appended = this.#parts.recentLog.append(app, event.channel, [event], kind.retention)
    if (isPromise(appended)) return appended.then((positions) => this.#emitted(app, event, positions))
    return this.#emitted(app, event, appended)
  }

  #emitted(app: string, event: UnitEvent, positions: readonly Position[]): Position {
    const position = positions[0] as Position
    const { epoch, offset } = position
    this.#parts.cluster?.announce(app, event.channel, { event: stored(event, offset), epoch })
    this.#fanOut(app, [event], positions)
    return position
  }
}

/** Looks at the log after a commit of unknown outcome, with growing pauses between. */
const maxReconciliations = 10

/** Where an event is that went to nobody. */
export const nowhere: Position = { epoch: '', offset: 0 }

/** Errors after which nothing was stored for certain. */
const certain = new Set<string>(['overloaded', 'store_full', 'unavailable'])

function mayBeStored(error: unknown): boolean {
  return !(error instanceof ParleyError && certain.has(error.code))
}

type Committed = Extract<CommitResult, { readonly status: 'committed' }>

function done(positions: readonly Position[]): Published {
  return { status: 'done', positions }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise
}

function stored(event: UnitEvent, offset: number): StoredEvent {
  const { type, data, at, by, id, tags, traceparent } = event
  return {
    offset,
    type,
    data,
    at,
    ...(by === undefined ? {} : { by }),
    ...(id === undefined ? {} : { id }),
    ...(tags === undefined ? {} : { tags }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}

/** Positions in the order of the events, from those of the durable and those of the other ones; without one: nowhere. */
function merge(
  events: readonly CollectedEvent[],
  durable: readonly Position[],
  others: readonly Position[],
): readonly Position[] {
  let [nextDurable, nextOther] = [0, 0]
  return events.map(
    ({ kind }) => (kind.durability === 'durable' ? durable[nextDurable++] : others[nextOther++]) ?? nowhere,
  )
}
