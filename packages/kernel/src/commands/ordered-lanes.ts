/** Starts work and answers undefined when it is submitted at once, else a promise for when it is. Never rejects. */
export type Job = () => Promise<void> | undefined

/**
 * Runs jobs of the same key one after the other, in the order of the calls; jobs of different keys do not wait for
 * each other. A job that submits at once, with nobody before it, runs at once: no promise, no turn.
 */
export class OrderedLanes {
  /** Keys at work, with the jobs that wait. */
  readonly #waiting = new Map<string, Job[]>()

  run(key: string, job: Job): void {
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) {
      waiting.push(job)
      return
    }
    const submitted = job()
    if (submitted === undefined) return
    this.#waiting.set(key, [])
    void this.#follow(key, submitted)
  }

  async #follow(key: string, first: Promise<void>): Promise<void> {
    await first
    const waiting = this.#waiting.get(key) as Job[]
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const submitted = job()
      if (submitted !== undefined) await submitted
    }
    this.#waiting.delete(key)
  }
}
