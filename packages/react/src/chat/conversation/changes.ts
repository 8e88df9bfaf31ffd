import type { ParleyError } from '@parley/client'
import type { Message, MessageAction } from '../message.ts'

/** Something that the user does to a message, shown before the server has agreed. */
export interface Change {
  readonly seq: number
  readonly action: MessageAction
  /** The message as it will be; undefined: it will not be shown. */
  readonly make: (message: Message) => Message | undefined
}

export interface Refusal {
  readonly action: MessageAction
  readonly error: ParleyError
}

/** What the user has done to messages and the server has not confirmed. A refusal takes it back and says why. */
export class Changes {
  readonly #changed: () => void
  #pending: readonly Change[] = []
  readonly #refusals = new Map<number, Refusal>()

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** @param confirmed told what the server answered, before the change is dropped */
  run<T>(change: Change, call: Promise<T>, confirmed: (answer: T) => void): Promise<void> {
    this.#refusals.delete(change.seq)
    this.#pending = [...this.#pending, change]
    this.#changed()
    const drop = (): void => {
      this.#pending = this.#pending.filter((other) => other !== change)
      this.#changed()
    }
    const done = call.then(
      (answer) => {
        confirmed(answer)
        drop()
      },
      (error: ParleyError) => {
        this.#refusals.set(change.seq, { action: change.action, error })
        drop()
        throw error
      },
    )
    // The refusal is shown in the message; nobody has to wait for the promise.
    done.catch(() => undefined)
    return done
  }

  /** The last change of a message that is on its way. */
  of(seq: number): Change | undefined {
    return this.#pending.findLast((change) => change.seq === seq)
  }

  /** The message with the changes that are on their way. */
  shown(message: Message): Message | undefined {
    let shown: Message | undefined = message
    for (const change of this.#pending)
      if (change.seq === message.seq && shown !== undefined) shown = change.make(shown)
    return shown
  }

  refusal(seq: number): Refusal | undefined {
    return this.#refusals.get(seq)
  }

  dismiss(seq: number): void {
    if (this.#refusals.delete(seq)) this.#changed()
  }
}
