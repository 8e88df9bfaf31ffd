import type { Listener } from './events.ts'

interface Waiting {
  readonly expected: number
  readonly answers: unknown[]
  readonly done: (error: Error | null, answers: unknown[]) => void
  readonly timer: NodeJS.Timeout | undefined
}

/** Acks that broadcasts of this node wait for. */
export class BroadcastAcks {
  readonly #waiting = new Map<number, Waiting>()
  #count = 0

  /** Answers the number under which answers are to come. */
  wait(expected: number, withinMs: number | undefined, done: Waiting['done']): number {
    this.#count += 1
    const id = this.#count
    if (expected === 0) {
      queueMicrotask(() => done(null, []))
      return id
    }
    const timer =
      withinMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#waiting.delete(id)
            done(new Error('operation has timed out'), answers)
          }, withinMs)
    const answers: unknown[] = []
    this.#waiting.set(id, { expected, answers, done, timer })
    return id
  }

  take(id: number, answer: unknown): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    waiting.answers.push(answer)
    if (waiting.answers.length < waiting.expected) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    waiting.done(null, waiting.answers)
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer)
    this.#waiting.clear()
  }
}

/** An ack that is called with an error when its time is up. */
export function withTimeout(ack: Listener, withinMs: number, forget: () => void): Listener {
  let isDone = false
  const timer = setTimeout(() => {
    isDone = true
    forget()
    ack(new Error('operation has timed out'))
  }, withinMs)
  return (...args) => {
    if (isDone) return
    isDone = true
    clearTimeout(timer)
    ack(null, ...args)
  }
}
