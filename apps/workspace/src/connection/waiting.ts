import type { DurableOutbox } from '@parley/client/outbox'

/** Messages that have been written and not yet answered by the server, in whichever channel. */
export interface Waits {
  readonly count: () => number
  /** Of those, how many are lost with the page. */
  readonly atRisk: () => number
  /** Counts an answer that is waited for; absent where that is known without. */
  track?(answer: Promise<unknown>): void
  /** Returns the function that stops watching. */
  readonly watch: (listener: () => void) => () => void
}

/** Those of this page alone. */
export class Waiting implements Waits {
  readonly #listeners = new Set<() => void>()
  #count = 0

  readonly count = (): number => this.#count

  readonly atRisk = this.count

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Counts until the answer is there, be it a refusal. */
  track(answer: Promise<unknown>): void {
    this.#change(1)
    const done = () => this.#change(-1)
    answer.then(done, done)
  }

  #change(by: 1 | -1): void {
    this.#count += by
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Those of an outbox: of all tabs, and of earlier lives of the page. */
export function waitingIn(outbox: DurableOutbox): Waits {
  const waiting = () => outbox.items.filter(({ state }) => state === 'waiting')
  return {
    count: () => waiting().length,
    atRisk: () => waiting().filter(({ durable }) => !durable).length,
    watch: outbox.watch,
  }
}
