import type { Clock, Timer } from '../ports/clock.ts'

/** Something that wants to be called later. Kept small: ten thousand idle connections have one each. */
export interface Wakeable {
  /** Elapsed time at which to wake; undefined when it no longer wants to. */
  wakeAt: number | undefined
  wake(): void
}

const tickMs = 250
const slots = 512

/**
 * One timer for many deadlines (a hashed wheel; Varghese & Lauck 1987). Late by at most a tick. An item is in at most
 * one slot: move its deadline by setting `wakeAt`; it is looked at when its slot comes round, and put where it belongs.
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

  /** The item must not be in the wheel already. */
  add(item: Wakeable): void {
    if (this.#size === 0) this.#tick = Math.floor(this.#clock.elapsed() / tickMs)
    this.#size += 1
    this.#place(item)
    this.#timer ??= this.#clock.after(tickMs, () => this.#turn())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const slot of this.#wheel) slot.length = 0
    this.#size = 0
  }

  #place(item: Wakeable): void {
    const due = Math.max(this.#tick + 1, Math.ceil((item.wakeAt ?? 0) / tickMs))
    this.#wheel[Math.min(due, this.#tick + slots - 1) % slots]?.push(item)
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
    if (this.#size > 0) this.#timer ??= this.#clock.after(tickMs, () => this.#turn())
  }

  #visit(slot: Wakeable[]): void {
    for (const item of slot.splice(0)) {
      if (item.wakeAt !== undefined && item.wakeAt > this.#tick * tickMs) {
        this.#place(item)
        continue
      }
      this.#size -= 1
      if (item.wakeAt === undefined) continue
      item.wakeAt = undefined
      item.wake()
    }
  }
}
