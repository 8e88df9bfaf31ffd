import { type Clock, systemClock, type Timer } from '../platform.ts'

interface Alarm {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** A clock that a test moves. Random numbers come from `randoms`, then are 0.5. */
export class ManualClock implements Clock {
  readonly #alarms = new Set<Alarm>()
  #elapsed = 0
  #order = 0
  #secrets = 0
  /** Wall-clock time at the start. */
  wall = 1_767_225_600_000
  readonly randoms: number[] = []

  /** Timers that are set. */
  get pending(): number {
    return this.#alarms.size
  }

  now(): number {
    return this.wall + this.#elapsed
  }

  elapsed(): number {
    return this.#elapsed
  }

  after(delayMs: number, run: () => void): Timer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`A timer needs a delay, not ${delayMs}.`)
    this.#order += 1
    const alarm = { at: this.#elapsed + Math.max(delayMs, 0), order: this.#order, run }
    this.#alarms.add(alarm)
    return { cancel: () => this.#alarms.delete(alarm) }
  }

  random(): number {
    return this.randoms.shift() ?? 0.5
  }

  secret(): string {
    this.#secrets += 1
    return `secret${this.#secrets}`
  }

  /** Lets time pass and runs what falls due, each with the promises that follow from it. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms
    await settle()
    for (let alarm = this.#due(until); alarm !== undefined; alarm = this.#due(until)) {
      this.#alarms.delete(alarm)
      this.#elapsed = Math.max(this.#elapsed, alarm.at)
      alarm.run()
      await settle()
    }
    this.#elapsed = until
  }

  /** Time passes, and no timer of this device runs: what fell due comes with the next `advance`. */
  sleep(ms: number): void {
    this.#elapsed += ms
  }

  #due(until: number): Alarm | undefined {
    let next: Alarm | undefined
    for (const alarm of this.#alarms) {
      if (alarm.at > until) continue
      if (next === undefined || alarm.at < next.at || (alarm.at === next.at && alarm.order < next.order))
        next = alarm
    }
    return next
  }
}

/** Lets every promise settle that can. */
export function settle(): Promise<void> {
  return new Promise((resolve) => systemClock.after(0, resolve))
}
