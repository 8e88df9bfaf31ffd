import type { Timer } from '../ports/clock.ts'

/** A timer in the queue; `run` is dropped when it was cancelled. */
export interface QueuedTimer extends Timer {
  readonly at: number
  readonly order: number
  run: (() => void) | undefined
}

/** Timers by due time, those of the same time in the order in which they were set: a binary heap. */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = []
  #order = 0
  #live = 0

  /** Timers that will still fire. */
  get live(): number {
    return this.#live
  }

  add(at: number, run: () => void): Timer {
    const cancel = () => {
      if (timer.run !== undefined) this.#live -= 1
      timer.run = undefined
    }
    const timer: QueuedTimer = { at, order: this.#order++, run, cancel }
    this.#live += 1
    this.#up(timer)
    return timer
  }

  /** Takes the next timer due at or before `until`; cancelled ones are gone without a trace. */
  take(until: number): { readonly at: number; readonly run: () => void } | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.at > until) return undefined
      this.#dropFirst()
      const { at, run } = first
      if (run === undefined) continue
      first.cancel()
      return { at, run }
    }
  }

  #up(timer: QueuedTimer): void {
    let index = this.#heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#heap[parent] as QueuedTimer
      if (isBefore(above, timer)) break
      this.#heap[index] = above
      index = parent
    }
    this.#heap[index] = timer
  }

  #dropFirst(): void {
    const last = this.#heap.pop() as QueuedTimer
    const size = this.#heap.length
    if (size === 0) return
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= size) break
      if (
        child + 1 < size &&
        isBefore(this.#heap[child + 1] as QueuedTimer, this.#heap[child] as QueuedTimer)
      )
        child += 1
      if (isBefore(last, this.#heap[child] as QueuedTimer)) break
      this.#heap[index] = this.#heap[child] as QueuedTimer
      index = child
    }
    this.#heap[index] = last
  }
}

function isBefore(left: QueuedTimer, right: QueuedTimer): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order)
}
