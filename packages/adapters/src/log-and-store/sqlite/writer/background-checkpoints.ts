import type { Synchronous } from '../connection.ts'
import { startThread } from '../thread.ts'

/** What the writer and the thread that writes back tell each other, in one number that both see. */
export const phases = { idle: 0, wanted: 1, closing: 2, closed: 3 } as const

export interface CheckpointerStart {
  readonly path: string
  readonly synchronous: Synchronous
  readonly state: Int32Array<SharedArrayBuffer>
}

/** How long the writer waits for the thread at most, in ms. */
const patienceMs = 10_000

/**
 * Writes the write-ahead log back in a thread of its own, which is started when it is first wanted. SQLite lets one
 * connection write back while another appends; only a log that is written back whole can begin anew, and that last
 * piece is the writer's.
 */
export class BackgroundCheckpoints {
  readonly #path: string
  readonly #synchronous: Synchronous
  readonly #state = new Int32Array(new SharedArrayBuffer(4))
  #isStarted = false
  #isGone = false

  constructor({ path, synchronous }: Pick<CheckpointerStart, 'path' | 'synchronous'>) {
    this.#path = path
    this.#synchronous = synchronous
  }

  get isRunning(): boolean {
    return !this.#isGone && Atomics.load(this.#state, 0) === phases.wanted
  }

  /** Begins to write back. False when there is no thread to do it. */
  begin(): boolean {
    if (this.#isGone) return false
    Atomics.store(this.#state, 0, phases.wanted)
    if (this.#isStarted) Atomics.notify(this.#state, 0)
    else this.#startThread()
    return true
  }

  /** Waits until nothing is being written back. */
  wait(): void {
    if (this.isRunning) Atomics.wait(this.#state, 0, phases.wanted, patienceMs)
  }

  /** Ends the thread; its connection is closed when this returns. */
  close(): void {
    if (this.#isStarted && !this.#isGone) {
      Atomics.store(this.#state, 0, phases.closing)
      Atomics.notify(this.#state, 0)
      Atomics.wait(this.#state, 0, phases.closing, patienceMs)
    }
    this.#isGone = true
  }

  #startThread(): void {
    this.#isStarted = true
    const start: CheckpointerStart = {
      path: this.#path,
      synchronous: this.#synchronous,
      state: this.#state,
    }
    startThread('checkpointer', start, {
      receive: () => undefined,
      gone: () => {
        this.#isGone = true
      },
    })
  }
}
