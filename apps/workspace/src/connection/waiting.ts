/** How many messages, in whichever channel, have been written and not yet answered by the server. */
export class Waiting {
  readonly #listeners = new Set<() => void>()
  #count = 0

  readonly count = (): number => this.#count

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
