import type { Exchange } from '../exchange.ts'
import type { Poll, PollLines } from '../poll.ts'

/** A poll whose client is talking to this node. */
export class HeldRequest implements Poll {
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  respond({ own, shared }: PollLines, sent?: () => void): void {
    if (sent !== undefined) this.#exchange.response.on('close', sent)
    this.#exchange.answer(200, own, { rest: shared?.bytes })
  }

  /** Calls `gone` when nobody waits for the answer any more. */
  watch(gone: (poll: Poll) => void): void {
    const { response } = this.#exchange
    // It comes once.
    response.on('close', () => response.writableFinished || gone(this))
  }
}
