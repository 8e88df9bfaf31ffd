/**
 * Keeps the order in which an application does things: whoever joins a room and writes to it in the next line has
 * joined when the event goes out. What is done while nothing is under way is done at once; work waits for nobody but
 * the jobs before it.
 */
export class Gate {
  #steps: Step[] = []
  #next = 0
  /** Work that has begun and is not done. */
  #underWay = 0

  /** Begins some work in its turn; what is run later waits for it. Fulfilled, or rejected, as the work is. */
  hold<T>(begin: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#underWay += 1
        const work = begin()
        work.then(resolve, reject)
        void work.then(this.#ended, this.#ended)
      }
      if (this.#isEmpty) start()
      else this.#steps.push({ start })
    })
  }

  run(job: () => void): void {
    if (this.#isEmpty && this.#underWay === 0) job()
    else this.#steps.push({ job })
  }

  get #isEmpty(): boolean {
    return this.#next === this.#steps.length
  }

  readonly #ended = (): void => {
    this.#underWay -= 1
    if (this.#underWay === 0) this.#goOn()
  }

  #goOn(): void {
    while (!this.#isEmpty) {
      const step = this.#steps[this.#next] as Step
      if ('job' in step && this.#underWay > 0) return
      this.#next += 1
      if ('job' in step) step.job()
      else step.start()
    }
    this.#steps = []
    this.#next = 0
  }
}

type Step = { readonly start: () => void } | { readonly job: () => void }
