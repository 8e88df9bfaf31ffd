import type { Position } from '@parley/protocol'
import type { AccessChange } from '../context.ts'
import type { Clock } from '../ports/clock.ts'
import { controlChannel, type Store, type UnitEvent } from '../ports/store.ts'

/** What the control channel of an app says. Redactions are there where several nodes keep events in memory. */
export type ControlEntry =
  | AccessChange
  | { readonly type: 'redact'; readonly channel: string; readonly offsets: readonly number[] }

export interface AccessLogParts {
  readonly store: Pick<Store, 'tops' | 'read'>
  readonly clock: Clock
  /** Must not throw. */
  readonly apply: (app: string, entry: ControlEntry) => void
  /** Other nodes write to the control channels too: nothing may go out while their changes cannot be read. */
  readonly isShared: boolean
}

type ControlEvent = Pick<UnitEvent, 'type' | 'data'>

const pageSize = 100
/** Times that changes which were missed are asked for, with growing pauses: some minutes in all. */
const maxAttempts = 12
const maxPauseMs = 30_000

/**
 * Applies the access changes of an app's control channel, each once, in their order. Usually a change is applied by
 * the commit that made it, or by its announcement; what was missed is read from the log.
 */
export class AccessLog {
  readonly #parts: AccessLogParts
  /** Offset up to which every change was applied, by app. */
  readonly #applied = new Map<string, number>()
  /** Offsets of changes that were applied before others that could not be read, by app. */
  readonly #early = new Map<string, Set<number>>()
  readonly #reading = new Map<string, Promise<void>>()
  /** Readings that have not begun, by app: whoever asks in the meantime shares them. */
  readonly #waiting = new Map<string, Promise<void>>()

  #isStopped = false

  constructor(parts: AccessLogParts) {
    this.#parts = parts
  }

  /** Begins behind what is there: the state that it led to is loaded otherwise, after this. */
  async begin(app: string): Promise<void> {
    const { isShared, store } = this.#parts
    const [top] = await store.tops(app, [controlChannel])
    this.#applied.set(app, top?.head ?? 0)
    // What others have announced until here was not listened to.
    if (isShared) await this.reconcile(app)
  }

  /** What is missing is not asked for any more. */
  stop(): void {
    this.#isStopped = true
  }

  /** Offset up to which every change was applied. */
  applied(app: string): number {
    return this.#applied.get(app) ?? 0
  }

  /**
   * Applies the changes among the events of a unit, before its other events go out. `control` is the head of the control
   * channel as of the unit: when changes up to there were missed, they are read and applied first, and a promise is
   * given; false means that they cannot be read, and nothing may go out.
   */
  committed(
    app: string,
    unit: { readonly events: readonly UnitEvent[]; readonly positions: readonly Position[] },
    control: number,
  ): Promise<boolean> | undefined {
    const { events, positions } = unit
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as UnitEvent
      if (event.channel !== controlChannel) continue
      const { offset } = positions[index] as Position
      if (offset > this.applied(app) + 1) return this.#catchUp(app, unit, control)
      this.#take(app, event, offset)
    }
    return control > this.applied(app) ? this.#catchUp(app, unit, control) : undefined
  }

  async #catchUp(
    app: string,
    { events, positions }: { readonly events: readonly UnitEvent[]; readonly positions: readonly Position[] },
    control: number,
  ): Promise<boolean> {
    const { isShared } = this.#parts
    const reached = isShared ? this.upTo(app, control) : this.reconcile(app)
    const isRead = await Promise.resolve(reached).then(
      () => true,
      () => false,
    )
    for (const [index, event] of events.entries()) {
      const { offset } = positions[index] as Position
      const early = this.#early.get(app) ?? new Set()
      if (event.channel !== controlChannel || offset <= this.applied(app) || early.has(offset)) continue
      // The log cannot be read: at least these changes are known. What was missed comes with the next one.
      this.#early.set(app, early.add(offset))
      this.#run(app, event)
    }
    return isRead || !isShared
  }

  /** Applies changes that another node has announced, if they follow those that are known. */
  announced(
    app: string,
    prev: number,
    events: readonly (ControlEvent & { readonly offset: number })[],
  ): void {
    if (!this.#applied.has(app) || prev > this.applied(app)) return
    for (const event of events) this.#take(app, event, event.offset)
  }

  /**
   * Undefined when every change up to an offset is applied, or the app is none of this node, else a promise for that.
   * The changes must be stored. Rejected when they cannot be read for minutes.
   */
  upTo(app: string, offset: number): Promise<void> | undefined {
    const isApplied = !this.#applied.has(app) || offset <= this.applied(app)
    return isApplied ? undefined : this.#reach(app, offset)
  }

  async #reach(app: string, offset: number): Promise<void> {
    const { clock } = this.#parts
    for (let attempt = 1; ; attempt++) {
      const problem = await this.reconcile(app).catch((error: unknown) => error)
      if (offset <= this.applied(app)) return
      if (attempt >= maxAttempts || this.#isStopped)
        throw problem ?? new Error(`Change ${offset} of the control channel of app ${app} is not in the log.`)
      const pauseMs = Math.min(50 * 2 ** attempt, maxPauseMs) * (0.5 + clock.random() / 2)
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    }
  }

  /** Reads changes that were stored and not seen. What was stored before the call is applied when it is fulfilled. */
  reconcile(app: string): Promise<void> {
    const waiting = this.#waiting.get(app)
    if (waiting !== undefined) return waiting
    const before = this.#reading.get(app) ?? Promise.resolve()
    const reading = before
      .catch(() => undefined)
      .then(() => {
        this.#waiting.delete(app)
        return this.#read(app)
      })
    this.#waiting.set(app, reading)
    this.#reading.set(app, reading)
    const forget = () => {
      if (this.#reading.get(app) === reading) this.#reading.delete(app)
    }
    reading.then(forget, forget)
    return reading
  }

  async #read(app: string): Promise<void> {
    for (;;) {
      const options = { after: this.applied(app), limit: pageSize }
      const events = await this.#parts.store.read(app, controlChannel, options)
      for (const event of events) this.#take(app, event, event.offset)
      if (events.length < pageSize) return
    }
  }

  #take(app: string, event: ControlEvent, offset: number): void {
    if (offset <= this.applied(app)) return
    this.#applied.set(app, offset)
    if (this.#early.get(app)?.delete(offset) !== true) this.#run(app, event)
  }

  #run(app: string, { type, data }: ControlEvent): void {
    this.#parts.apply(app, { ...JSON.parse(data), type: type.replace(/^control[.]/, '') } as ControlEntry)
  }
}
