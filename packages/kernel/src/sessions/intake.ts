import type { Limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'

/** Where input goes. */
export interface IntakeTarget {
  /** Carries a message out. */
  handle(text: string): void
  /** There will be no more messages. */
  ended(): void
}

interface Waiting {
  readonly target: IntakeTarget
  /** Undefined for the end. */
  readonly text: string | undefined
}

/** Messages between two looks at the clock. */
const messagesPerLook = 16

/**
 * Lets input in for at most `intakeSliceMs` a turn. When thousands of clients speak at once (a room empties, a network
 * comes back), what they say waits in the order in which it came, so that timers, writes and the fan-out have their
 * turns between. Otherwise nothing waits.
 *
 * Bound: `maxIntakeLength` characters. Above, the oldest are carried out at once, however long it takes.
 */
export class Intake {
  readonly #clock: Clock
  readonly #limits: Pick<Limits, 'intakeSliceMs' | 'maxIntakeLength'>
  #queue: Waiting[] = []
  #next = 0
  #length = 0
  /** Elapsed time at which this turn's share is used up; undefined before the first message of a turn. */
  #until: number | undefined
  #untilLook = messagesPerLook
  #isOver = false

  constructor(clock: Clock, limits: Pick<Limits, 'intakeSliceMs' | 'maxIntakeLength'>) {
    this.#clock = clock
    this.#limits = limits
  }

  /** A message has come; it is carried out now or a few turns later, after those that came before. */
  receive(target: IntakeTarget, text: string): void {
    if (this.#isWaiting || this.#isTurnOver()) this.#wait({ target, text })
    else target.handle(text)
  }

  /** A client is gone; its end comes after what it said. */
  end(target: IntakeTarget): void {
    if (this.#isWaiting) this.#wait({ target, text: undefined })
    else target.ended()
  }

  /** Carries out whatever waits. */
  flush(): void {
    while (this.#isWaiting) this.#carryOut()
  }

  get #isWaiting(): boolean {
    return this.#next < this.#queue.length
  }

  #isTurnOver(): boolean {
    if (this.#until === undefined) {
      this.#until = this.#clock.elapsed() + this.#limits.intakeSliceMs
      this.#clock.defer(() => this.#nextTurn())
    }
    this.#untilLook -= 1
    if (this.#untilLook > 0) return this.#isOver
    this.#untilLook = messagesPerLook
    this.#isOver = this.#clock.elapsed() >= this.#until
    return this.#isOver
  }

  /** What waits has the first half of every turn; what comes meanwhile waits behind it. */
  #nextTurn(): void {
    this.#until = undefined
    this.#isOver = false
    if (!this.#isWaiting) return
    const until = this.#clock.elapsed() + this.#limits.intakeSliceMs
    for (let count = 1; this.#isWaiting; count++) {
      this.#carryOut()
      if (count % messagesPerLook === 0 && this.#clock.elapsed() >= until) break
    }
    if (this.#isWaiting) this.#clock.defer(() => this.#nextTurn())
  }

  #wait(waiting: Waiting): void {
    this.#queue.push(waiting)
    this.#length += waiting.text?.length ?? 0
    while (this.#length > this.#limits.maxIntakeLength) this.#carryOut()
  }

  #carryOut(): void {
    const { target, text } = this.#queue[this.#next] as Waiting
    this.#next += 1
    this.#length -= text?.length ?? 0
    if (this.#next === this.#queue.length) {
      this.#queue = []
      this.#next = 0
    }
    if (text === undefined) target.ended()
    else target.handle(text)
  }
}
