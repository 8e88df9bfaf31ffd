import type { Position } from '@parley/protocol'
import type { AccessChange } from '../context.ts'
import type { Store, UnitEvent } from '../ports/store.ts'
import { controlChannel } from './control.ts'

const pageSize = 100

/**
 * Applies the access changes of an app's control channel, each once, in their order. Usually a change is applied by
 * the commit that made it; what a commit of unknown outcome may have stored is read from the log.
 */
export class AccessLog {
  readonly #store: Store
  readonly #apply: (app: string, change: AccessChange) => void
  /** Offset up to which every change was applied, by app. */
  readonly #applied = new Map<string, number>()
  /** Offsets of changes that were applied before others that could not be read, by app. */
  readonly #early = new Map<string, Set<number>>()
  readonly #reading = new Map<string, Promise<void>>()

  /** @param apply must not throw */
  constructor(store: Store, apply: (app: string, change: AccessChange) => void) {
    this.#store = store
    this.#apply = apply
  }

  /** Begins behind what is there: the state that it led to is loaded otherwise. */
  async begin(app: string): Promise<void> {
    const [top] = await this.#store.tops(app, [controlChannel])
    this.#applied.set(app, top?.head ?? 0)
  }

  /**
   * Applies the changes among the events of a unit, before its other events go out. A promise is given when changes
   * before them were missed: they are read and applied first.
   */
  committed(
    app: string,
    events: readonly UnitEvent[],
    positions: readonly Position[],
  ): Promise<void> | undefined {
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as UnitEvent
      if (event.channel !== controlChannel) continue
      const { offset } = positions[index] as Position
      if (offset > this.#last(app) + 1) return this.#catchUp(app, events, positions)
      this.#take(app, event, offset)
    }
    return undefined
  }

  async #catchUp(app: string, events: readonly UnitEvent[], positions: readonly Position[]): Promise<void> {
    await this.reconcile(app).catch(() => undefined)
    for (const [index, event] of events.entries()) {
      const { offset } = positions[index] as Position
      const early = this.#early.get(app) ?? new Set()
      if (event.channel !== controlChannel || offset <= this.#last(app) || early.has(offset)) continue
      // The log cannot be read: at least these changes are known. What was missed comes with the next one.
      this.#early.set(app, early.add(offset))
      this.#run(app, event)
    }
  }

  /** Reads changes that were stored and not seen. What was stored before the call is applied when it is fulfilled. */
  reconcile(app: string): Promise<void> {
    const before = this.#reading.get(app) ?? Promise.resolve()
    const reading = before.catch(() => undefined).then(() => this.#read(app))
    this.#reading.set(app, reading)
    const forget = () => {
      if (this.#reading.get(app) === reading) this.#reading.delete(app)
    }
    reading.then(forget, forget)
    return reading
  }

  async #read(app: string): Promise<void> {
    for (;;) {
      const events = await this.#store.read(app, controlChannel, { after: this.#last(app), limit: pageSize })
      for (const event of events) this.#take(app, event, event.offset)
      if (events.length < pageSize) return
    }
  }

  #last(app: string): number {
    return this.#applied.get(app) ?? 0
  }

  #take(app: string, event: { readonly type: string; readonly data: string }, offset: number): void {
    if (offset <= this.#last(app)) return
    this.#applied.set(app, offset)
    if (this.#early.get(app)?.delete(offset) !== true) this.#run(app, event)
  }

  #run(app: string, { type, data }: { readonly type: string; readonly data: string }): void {
    this.#apply(app, { ...JSON.parse(data), type: type.replace(/^control[.]/, '') } as AccessChange)
  }
}
