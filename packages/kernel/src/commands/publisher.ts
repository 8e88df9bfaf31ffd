import { ParleyError, type Position } from '@parley/protocol'
import type { AccessLog } from '../access/access-log.ts'
import { controlChannel } from '../access/control.ts'
import type { Hub } from '../channels/hub.ts'
import type { Clock } from '../ports/clock.ts'
import type { RecentLog, StoredEvent } from '../ports/event-log.ts'
import type { Logger } from '../ports/logger.ts'
import type {
  CommitResult,
  Receipt,
  Redaction,
  Store,
  StoredReceipt,
  Unit,
  UnitEvent,
} from '../ports/store.ts'
import type { CollectedEvent, UnitContext } from './unit-context.ts'
import { countDurable } from './unit-offsets.ts'

/** What became of a unit. */
export type Published =
  | { readonly status: 'done'; readonly positions: readonly Position[] }
  | { readonly status: 'repeated'; readonly receipt: StoredReceipt }
  | { readonly status: 'refused' }

export interface PublisherParts {
  readonly store: Store
  readonly recentLog: RecentLog
  readonly hub: Hub
  readonly accessLog: AccessLog
  readonly clock: Clock
  readonly log: Logger
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
    if (receipt !== undefined) unit.receipt = receipt
    const result = await this.#store(unit)
    if (result.status === 'repeated') return result
    if (result.status === 'refused') return { status: 'refused' }
    if (redactions !== undefined) this.#redact(app, redactions)
    const gate = this.#gates.get(app)
    if (gate === undefined) return this.#publish(ctx, unit, result.positions)
    const published = gate.then(() => this.#publish(ctx, unit, result.positions))
    this.#shutGate(app, published)
    return published
  }

  /** Applies the access changes of a unit that is committed, and sends its events out. */
  #publish(ctx: UnitContext, unit: Unit, positions: readonly Position[]): Published | Promise<Published> {
    const { app } = unit
    const missing = this.#parts.accessLog.committed(app, unit.events, positions)
    if (missing !== undefined) {
      const published = missing.then(() => this.#sendOut(ctx, unit, positions))
      this.#shutGate(app, published)
      return published
    }
    return this.#sendOut(ctx, unit, positions)
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
      return done(
        merge(
          ctx.events,
          durable,
          others.map(() => nowhere),
        ),
      )
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
    try {
      return await this.#parts.store.commit(unit)
    } catch (error) {
      if (mayBeStored(error)) {
        const known = this.#reconcile(unit)
        if (unit.events.some(({ channel }) => channel === controlChannel)) this.#shutGate(unit.app, known)
      }
      throw error
    }
  }

  async #reconcile({ app, events, redactions = [] }: Unit): Promise<void> {
    const { accessLog, clock, hub, store } = this.#parts
    const names = events.map(({ channel }) => channel)
    for (let attempt = 1; attempt <= maxReconciliations; attempt++) {
      try {
        await accessLog.reconcile(app)
        await hub.reconcile(app, names)
        for (const { channel, offset } of redactions) {
          const [event] = await store.pick(app, channel, [offset])
          if (event === undefined || event.redacted) hub.redacted(app, channel, offset)
        }
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
      this.#parts.onEvent(app, event, position)
      return position
    }
    const appended = this.#parts.recentLog.append(app, event.channel, [event], kind.retention)
    if (isPromise(appended)) return appended.then((positions) => this.#emitted(app, event, positions))
    return this.#emitted(app, event, appended)
  }

  #emitted(app: string, event: UnitEvent, positions: readonly Position[]): Position {
    this.#fanOut(app, [event], positions)
    return positions[0] as Position
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

function done(positions: readonly Position[]): Published {
  return { status: 'done', positions }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise
}

function stored(event: UnitEvent, offset: number): StoredEvent {
  const { type, data, at, by, id, tags } = event
  return {
    offset,
    type,
    data,
    at,
    ...(by === undefined ? {} : { by }),
    ...(id === undefined ? {} : { id }),
    ...(tags === undefined ? {} : { tags }),
  }
}

/** Positions in the order of the events, from those of the durable and those of the other ones. */
function merge(
  events: readonly CollectedEvent[],
  durable: readonly Position[],
  others: readonly Position[],
): readonly Position[] {
  let [nextDurable, nextOther] = [0, 0]
  return events.map(
    ({ kind }) => (kind.durability === 'durable' ? durable[nextDurable++] : others[nextOther++]) as Position,
  )
}
