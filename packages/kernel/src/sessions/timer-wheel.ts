import type { Clock, Timer } from '../ports/clock.ts'

/** Something that wants to be called later. Kept small: ten thousand idle connections have one each. */
export interface Wakeable {
  /** Elapsed time at which to wake; undefined when it no longer wants to. */
  wakeAt: number | undefined
  /** The wheel's own: the tick at which it looks at the item next. Begins undefined. */
  dueTick: number | undefined
  wake(): void
}

const tickMs = 250
const slots = 512

/**
 * One timer for many deadlines (a hashed wheel; Varghese & Lauck 1987). Late by at most a tick. A deadline is put off by
 * setting `wakeAt`: the item is looked at when its slot comes round, and put where it belongs. One that is brought
 * forward is told to the wheel by `add`.
 */
export class TimerWheel {
  readonly #clock: Clock
  readonly #wheel: Wakeable[][] = Array.from({ length: slots }, () => [])
  #tick: number
  #size = 0
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#tick = Math.floor(clock.elapsed() / tickMs)
  }

  /** Sees to it that the item is looked at by its `wakeAt`. */
  add(item: Wakeable): void {
    if (this.#size === 0) this.#tick = Math.floor(this.#clock.elapsed() / tickMs)
    this.#place(item)
    this.#arm()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const slot of this.#wheel) slot.length = 0
    this.#size = 0
  }

  #place(item: Wakeable): void {
    const due = Math.max(this.#tick + 1, Math.ceil((item.wakeAt ?? 0) / tickMs))
    const tick = Math.min(due, this.#tick + slots - 1)
    if (item.dueTick !== undefined && item.dueTick <= tick) return
    // Where it was before, it is passed over.
    item.dueTick = tick
    this.#size += 1
    this.#wheel[tick % slots]?.push(item)
  }

  /** For the border of the next tick, so that no item waits for two. */
  #arm(): void {
    const delayMs = tickMs - (this.#clock.elapsed() % tickMs)
    this.#timer ??= this.#clock.after(delayMs, () => this.#turn())
  }

  #turn(): void {
    this.#timer = undefined
    const now = Math.floor(this.#clock.elapsed() / tickMs)
    // After a long stall one full round is enough: it visits every slot.
    const from = Math.max(this.#tick + 1, now - slots + 1)
    for (let tick = from; tick <= now; tick++) {
      this.#tick = tick
      this.#visit(this.#wheel[tick % slots] as Wakeable[])
    }
    if (this.#size > 0) this.#arm()
  }

  #visit(slot: Wakeable[]): void {
    for (const item of slot.splice(0)) {
      this.#size -= 1
      if (item.dueTick === undefined || item.dueTick > this.#tick) continue
      item.dueTick = undefined
      if (item.wakeAt === undefined) continue
      if (item.wakeAt > this.#tick * tickMs) {
        this.#place(item)
        continue
      }
      item.wakeAt = undefined
      item.wake()
    }
  }
}
