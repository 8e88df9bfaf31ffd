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
  /** Offset of the last change applied, by app. */
  readonly #applied = new Map<string, number>()
  readonly #reading = new Map<string, Promise<void>>()

  constructor(store: Store, apply: (app: string, change: AccessChange) => void) {
    this.#store = store
    this.#apply = apply
  }

  /** Begins behind what is there: the state that it led to is loaded otherwise. */
  async begin(app: string): Promise<void> {
    const [top] = await this.#store.tops(app, [controlChannel])
    this.#applied.set(app, top?.head ?? 0)
  }

  /** Applies the changes among the events of a unit, before its other events go out. */
  committed(app: string, events: readonly UnitEvent[], positions: readonly Position[]): void {
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as UnitEvent
      if (event.channel !== controlChannel) continue
      const offset = (positions[index] as Position).offset
      const applied = this.#applied.get(app) ?? 0
      if (offset === applied + 1) this.#take(app, event, offset)
      else if (offset > applied) void this.reconcile(app).catch(() => undefined)
    }
  }

  /** Reads changes that were stored and not seen. */
  reconcile(app: string): Promise<void> {
    const reading = this.#reading.get(app) ?? this.#read(app).finally(() => this.#reading.delete(app))
    this.#reading.set(app, reading)
    return reading
  }

  async #read(app: string): Promise<void> {
    for (;;) {
      const events = await this.#store.read(app, controlChannel, {
        after: this.#applied.get(app) ?? 0,
        limit: pageSize,
      })
      for (const event of events)
        if (event.offset > (this.#applied.get(app) ?? 0)) this.#take(app, event, event.offset)
      if (events.length < pageSize) return
    }
  }

  #take(app: string, event: { readonly type: string; readonly data: string }, offset: number): void {
    this.#applied.set(app, offset)
    const type = event.type.replace(/^control[.]/, '')
    this.#apply(app, { ...JSON.parse(event.data), type } as AccessChange)
  }
}
