import type { Exchange } from '../exchange.ts'
import type { PolledDownlink } from '../link.ts'
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

  /** Asks a downlink, and gives the poll up when nobody waits for the answer any more. */
  ask(downlink: PolledDownlink, ack: number, waitMs: number): void {
    const { response } = this.#exchange
    // It comes once.
    response.on('close', () => response.writableFinished || downlink.abandon(this))
    downlink.poll(ack, waitMs, this)
  }
}
