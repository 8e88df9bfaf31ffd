import type { ParleyError } from '@parley/client'
import type { ReadState } from '../message.ts'

const pauseMs = 1_000

export interface MarkerOptions {
  /** Tells the server; resolves with what it counts then. */
  readonly send: (seq: number) => Promise<ReadState>
  readonly answered: (state: ReadState) => void
  readonly failed: (error: ParleyError) => void
}

/** Tells the server how far a stream was read: at once the first time, then at most once a second, the furthest only. */
export class Marker {
  readonly #options: MarkerOptions
  #wanted = 0
  #sent = 0
  #pause: ReturnType<typeof setTimeout> | undefined

  constructor(options: MarkerOptions) {
    this.#options = options
  }

  mark(seq: number): void {
    if (seq <= this.#wanted) return
    this.#wanted = seq
    if (this.#pause === undefined) this.#flush()
  }

  /** Forgets what has not been told yet. */
  reset(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    this.#wanted = 0
    this.#sent = 0
  }

  /** Tells at once what waits; nothing is called afterwards. */
  stop(): void {
    if (this.#pause !== undefined && this.#wanted > this.#sent)
      this.#options.send(this.#wanted).catch(() => undefined)
    this.reset()
  }

  #flush(): void {
    const seq = this.#wanted
    this.#sent = seq
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      if (this.#wanted > this.#sent) this.#flush()
    }, pauseMs)
    this.#options.send(seq).then(this.#options.answered, (error: ParleyError) => {
      if (this.#wanted === seq) this.#wanted = 0
      this.#options.failed(error)
    })
  }
}
