import type { OutgoingFrame, Timer } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { closeLine, type Downlink, type HttpLink } from './link.ts'
import type { LinkClock } from './link-clock.ts'
import type { Poll } from './poll.ts'

/** Characters of an answer, about: what is more waits for the next. */
const answerLength = 262_144
/** Proxies give up on a silent response after 60 s and less. */
const longestWaitMs = 55_000

interface Pace {
  /** How long the client lets pass between polls. */
  readonly pauseMs: number
  /** When it does not ask again for so long beyond that, it is gone. */
  readonly absenceMs: number
  readonly clock: LinkClock
}

interface Held extends Poll {
  readonly poll: Poll
  readonly timer: Timer
}

/**
 * A downlink in answers to polls. Each answer has a number and is kept until the client has confirmed it with its next
 * poll, so that an answer that is lost on the way is given again.
 */
export class PollDownlink implements Downlink {
  readonly pauseMs: number
  readonly #link: HttpLink
  readonly #clock: LinkClock
  /** Stands before the first message. */
  #greeting: string | undefined
  #queue: string[] = []
  #length = 0
  /** Number of the newest answer. */
  #seq = 0
  #kept: string | undefined
  #held: Held | undefined
  #farewell: string | undefined
  #isFlushing = false
  readonly #longestMs: number
  #absence: Timer

  constructor(link: HttpLink, greeting: string, { pauseMs, absenceMs, clock }: Pace) {
    this.#link = link
    this.#clock = clock
    this.#greeting = greeting
    this.pauseMs = pauseMs
    this.#longestMs = pauseMs + absenceMs
    this.#absence = clock.after(this.#longestMs, () => link.over())
  }

  get bufferedBytes(): number {
    return this.#length
  }

  send({ text }: OutgoingFrame): void {
    this.#queue.push(text)
    this.#length += text.length
    // What is sent in one turn goes into one answer.
    if (this.#held === undefined || this.#isFlushing) return
    this.#isFlushing = true
    this.#clock.defer(() => {
      if (this.#isFlushing) this.#answer()
    })
  }

  cork(): void {
    // Answers are made at the end of a turn anyway.
  }

  uncork(): void {
    // See `cork`.
  }

  /**
   * Answers when there is something, after `waitMs` at the latest.
   *
   * @param ack number of the newest answer that the client has; 0 with the poll that opens the link
   * @throws ParleyError `bad_request` for a number that cannot be
   */
  poll(ack: number, waitMs: number, poll: Poll): void {
    if (ack !== this.#seq && !(ack === this.#seq - 1 && this.#kept !== undefined))
      throw new ParleyError('bad_request', `The newest answer is number ${this.#seq}.`, {
        details: { seq: this.#seq },
      })
    this.#release()
    this.#link.heard()
    this.#absence.cancel()
    if (ack < this.#seq) {
      this.#give(poll, this.#kept as string)
      return
    }
    this.#kept = undefined
    const timer = this.#clock.after(Math.min(waitMs, longestWaitMs), () => this.#release())
    this.#held = { respond: (text, sent) => poll.respond(text, sent), timer, poll }
    if (this.#farewell !== undefined || this.#length > 0) this.#answer()
  }

  /** The client of a held poll is gone. */
  abandon(poll: Poll): void {
    if (this.#held?.poll !== poll) return
    this.#held.timer.cancel()
    this.#held = undefined
    this.#expect()
  }

  /** Answers the held poll with nothing: its time is up, or another one is here. */
  #release(): void {
    const held = this.#held
    if (held === undefined) return
    held.timer.cancel()
    this.#held = undefined
    // Without a greeting there is no link for the client: it asks again as one that opens.
    const greeting = this.#seq === 0 ? this.#greet() : ''
    this.#give(held, `{"op":"poll","seq":${this.#seq}}${greeting}`)
  }

  #greet(): string {
    const greeting = this.#greeting === undefined ? '' : `\n${this.#greeting}`
    this.#greeting = undefined
    return greeting
  }

  #answer(): void {
    this.#isFlushing = false
    const held = this.#held
    if (held === undefined) return
    held.timer.cancel()
    this.#held = undefined
    this.#seq += 1
    const text = `{"op":"poll","seq":${this.#seq}}${this.#greet()}${this.#next()}`
    this.#kept = text
    const isLast = this.#farewell !== undefined && this.#length === 0
    this.#give(held, text, isLast ? () => this.#link.over() : undefined)
    if (this.#length === 0) this.#link.drained()
  }

  /** The lines of the next answer, each behind a line feed. */
  #next(): string {
    let text = ''
    let count = 0
    for (const message of this.#queue) {
      if (count > 0 && text.length + message.length > answerLength) break
      text += `\n${message}`
      this.#length -= message.length
      count += 1
    }
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count)
    return this.#queue.length === 0 && this.#farewell !== undefined ? `${text}\n${this.#farewell}` : text
  }

  #give(poll: Poll, text: string, sent?: () => void): void {
    this.#expect()
    poll.respond(text, sent)
  }

  /** From here on the client has to ask again in time. */
  #expect(): void {
    this.#absence.cancel()
    this.#absence = this.#clock.after(this.#longestMs, () => this.#link.over())
  }

  end(code: number, reason: string): void {
    this.#farewell = closeLine(code, reason)
    this.#answer()
  }

  destroy(): void {
    this.#release()
    this.#absence.cancel()
    this.#isFlushing = false
    this.#queue = []
    this.#length = 0
  }
}
