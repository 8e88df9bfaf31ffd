import type { ModuleState, StateKey, StateSetting } from '../context.ts'
import type { Clock } from '../ports/clock.ts'
import type { TimerWheel, Wakeable } from '../sessions/timer-wheel.ts'
import type { Hub } from './hub.ts'

export interface KeptEntriesParts {
  readonly hub: Hub
  readonly clock: Clock
  readonly wheel: TimerWheel
  /** Whether a module has declared the name. */
  readonly isDeclared: (name: string) => boolean
}

/** When the next entry of a channel goes by itself. */
interface Deadline extends Wakeable {
  readonly app: string
  readonly channel: string
}

/** The entries of keyed state that modules keep, and the time that some of them have. */
export class KeptEntries {
  readonly #parts: KeptEntriesParts
  readonly #deadlines = new Map<string, Deadline>()

  constructor(parts: KeptEntriesParts) {
    this.#parts = parts
  }

  /** For handlers, which act in one app. */
  of(app: string): ModuleState {
    return {
      set: (entry) => this.set(app, entry),
      remove: (entry) => this.remove(app, entry),
    }
  }

  /** @throws as {@link ModuleState.set} */
  set(app: string, { channel, owner, name, value, ttlMs }: StateSetting): void {
    const { hub, clock } = this.#parts
    this.#check(name)
    if (value === null || value === undefined) throw new RangeError(`State \`${name}\` needs a value.`)
    const until = ttlMs === undefined ? undefined : clock.elapsed() + ttlMs
    hub.changeState(app, channel, (state) => state.keep({ owner, name, value, until, at: clock.now() }))
    if (until !== undefined) this.#expectEnd({ app, channel }, until)
  }

  remove(app: string, { channel, owner, name }: StateKey): void {
    this.#check(name)
    this.#parts.hub.changeState(app, channel, (state) => state.dismiss(owner, name))
  }

  #check(name: string): void {
    if (!this.#parts.isDeclared(name))
      throw new RangeError(
        `No module declares the state \`${name}\`: name it under \`states\` in a contract.`,
      )
  }

  #expectEnd({ app, channel }: Pick<Deadline, 'app' | 'channel'>, until: number): void {
    const key = `${app}/${channel}`
    let deadline = this.#deadlines.get(key)
    if (deadline === undefined) {
      deadline = { app, channel, wakeAt: undefined, dueTick: undefined, wake: () => this.#end(key) }
      this.#deadlines.set(key, deadline)
    }
    if (deadline.wakeAt !== undefined && deadline.wakeAt <= until) return
    deadline.wakeAt = until
    this.#parts.wheel.add(deadline)
  }

  #end(key: string): void {
    const deadline = this.#deadlines.get(key)
    if (deadline === undefined) return
    const { hub, clock, wheel } = this.#parts
    let next: number | undefined
    hub.changeState(deadline.app, deadline.channel, (state) => {
      next = state.expire(clock.elapsed())
      return true
    })
    if (next === undefined) {
      this.#deadlines.delete(key)
      return
    }
    deadline.wakeAt = next
    wheel.add(deadline)
  }
}
