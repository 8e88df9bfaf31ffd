import { ParleyError, type ReplyFrame } from '@parley/protocol'

/** What came back for a request: a result, an error, or nothing because the connection ended. */
export type Answer =
  | { readonly status: 'ok'; readonly value: unknown }
  /** `fence`: the server refuses what was sent behind it, so that nothing overtakes it, until this number is named. */
  | { readonly status: 'error'; readonly error: ParleyError; readonly fence: number | undefined }
  | { readonly status: 'lost' }

/**
 * Sends a frame that has an answer; `done` is called once with what came of it. `fence`: the refusals heard of so far.
 *
 * Returns false when there is no connection: nothing was sent and `done` is never called.
 */
export type Request = (
  encode: (id: number, fence: number) => string,
  done: (answer: Answer) => void,
) => boolean

/** Requests of one connection that wait for their answer. */
export class Requests {
  readonly #open = new Map<number, (answer: Answer) => void>()
  #lastId: number
  #fence = 0

  constructor(lastId: number) {
    this.#lastId = lastId
  }

  /** Returns the frame. */
  add(encode: (id: number, fence: number) => string, done: (answer: Answer) => void): string {
    this.#lastId += 1
    this.#open.set(this.#lastId, done)
    return encode(this.#lastId, this.#fence)
  }

  answer(frame: ReplyFrame): void {
    const { fence } = frame
    if (fence !== undefined) this.#fence = Math.max(this.#fence, fence)
    const done = this.#open.get(frame.id)
    if (done === undefined) return
    this.#open.delete(frame.id)
    if (frame.error === undefined) done({ status: 'ok', value: frame.ok })
    else done({ status: 'error', error: ParleyError.from(frame.error), fence })
  }

  /** The connection is gone: nothing more will be answered. */
  lose(): void {
    const open = [...this.#open.values()]
    this.#open.clear()
    for (const done of open) done({ status: 'lost' })
  }
}
