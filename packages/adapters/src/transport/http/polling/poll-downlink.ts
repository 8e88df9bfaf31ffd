import type { OutgoingFrame } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { closeLine, type Downlink, type HttpLink } from '../link.ts'
import type { LinkClock } from '../link-clock.ts'
import type { Poll, PollLines } from '../poll.ts'
import { Deadline } from './deadline.ts'
import type { JoinedLines } from './joined-lines.ts'
import type { Pulse } from './pulse.ts'

/**
 * Events are gathered for so many ms where one follows another: a request costs more than the events in it, for us, the
 * client and all between.
 */
export const gatherMs = 20
/** The first event after so many ms without an answer goes at once. */
export const silenceMs = 50

/** Characters of an answer, about: what is more waits for the next. */
const answerLength = 262_144
/** Proxies give up on a silent response after 60 s and less. */
const longestWaitMs = 55_000
/** With so many characters an answer is worth a request. */
const gatheredLength = 16_384

interface Pace {
  /** How long the client lets pass between polls. */
  readonly pauseMs: number
  /** When it does not ask again for so long beyond that, it is gone. */
  readonly absenceMs: number
  readonly clock: LinkClock
  /** Of all links: beats `gatherMs` after the first of them has begun to gather. */
  readonly pulse: Pulse
  readonly joined: JoinedLines
}

/**
 * A downlink in answers to polls. Each answer has a number and is kept until the client has confirmed it with its next
 * poll, so that an answer that is lost on the way is given again. Events that follow one another quickly are gathered.
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
  #kept: PollLines | undefined
  #held: Poll | undefined
  #farewell: string | undefined
  #isFlushing = false
  /** Something waits that somebody waits for: a reply, a verdict, a ping. */
  #isUrgent = false
  /** Elapsed time of the newest answer. */
  #answeredAt = Number.NEGATIVE_INFINITY
  /** The next answer waits for more. */
  #isGathering = false
  readonly #pulse: Pulse
  readonly #joined: JoinedLines
  readonly #longestMs: number
  /** Of the poll that is held; else of the client, which has to ask again. */
  readonly #deadline: Deadline

  constructor(link: HttpLink, greeting: string, { pauseMs, absenceMs, clock, pulse, joined }: Pace) {
    this.#link = link
    this.#clock = clock
    this.#pulse = pulse
    this.#joined = joined
    this.#greeting = greeting
    this.pauseMs = pauseMs
    this.#longestMs = pauseMs + absenceMs
    this.#deadline = new Deadline(clock, this.#longestMs, () => this.#late())
    this.#expect()
  }

  get bufferedBytes(): number {
    return this.#length
  }

  send({ text }: OutgoingFrame): void {
    this.#queue.push(text)
    this.#length += text.length
    if (!text.startsWith('{"op":"events"')) this.#isUrgent = true
    if (this.#held === undefined || this.#isFlushing || this.#gathers()) return
    // What is sent in one turn goes into one answer.
    this.#isFlushing = true
    this.#clock.defer(() => {
      if (this.#isFlushing) this.#answer()
    })
  }

  /** Whether the next answer waits for more; then it comes by itself. */
  #gathers(): boolean {
    if (this.#isUrgent || this.#length >= gatheredLength) return false
    if (this.#isGathering) return true
    if (this.#clock.elapsed() - this.#answeredAt >= silenceMs) return false
    this.#isGathering = true
    this.#pulse.join(this.#beat)
    return true
  }

  readonly #beat = () => this.#answer()

  #stopGathering(): void {
    if (this.#isGathering) this.#pulse.leave(this.#beat)
    this.#isGathering = false
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
    if (ack < this.#seq) {
      this.#give(poll, this.#kept as PollLines)
      return
    }
    this.#kept = undefined
    this.#held = poll
    this.#deadline.set(Math.min(waitMs, longestWaitMs))
    if (this.#farewell !== undefined || (this.#length > 0 && !this.#gathers())) this.#answer()
  }

  /** The client of a held poll is gone. */
  abandon(poll: Poll): void {
    if (this.#held !== poll) return
    this.#held = undefined
    this.#expect()
  }

  #late(): void {
    if (this.#held === undefined) this.#link.over()
    else if (this.#length > 0) this.#answer()
    else this.#release()
  }

  /** Answers the held poll with nothing: its time is up, or another one is here. */
  #release(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    // Without a greeting there is no link for the client: it asks again as one that opens.
    const greeting = this.#seq === 0 ? this.#greet() : ''
    this.#give(held, { own: `{"op":"poll","seq":${this.#seq}}${greeting}` })
  }

  #greet(): string {
    const greeting = this.#greeting === undefined ? '' : `\n${this.#greeting}`
    this.#greeting = undefined
    return greeting
  }

  #answer(): void {
    this.#isFlushing = false
    this.#stopGathering()
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    this.#answeredAt = this.#clock.elapsed()
    this.#seq += 1
    const lines = this.#next(`{"op":"poll","seq":${this.#seq}}${this.#greet()}`)
    this.#kept = lines
    const isLast = this.#farewell !== undefined && this.#length === 0
    this.#give(held, lines, isLast ? () => this.#link.over() : undefined)
    if (this.#length === 0) this.#link.drained()
  }

  /** The next answer, which begins with `head`. */
  #next(head: string): PollLines {
    let count = 0
    let length = 0
    for (const message of this.#queue) {
      if (count > 0 && length + message.length > answerLength) break
      length += message.length
      count += 1
    }
    const isAll = count === this.#queue.length
    const shared = this.#joined.of(isAll ? this.#queue : this.#queue.slice(0, count))
    this.#queue = isAll ? [] : this.#queue.slice(count)
    this.#length -= length
    this.#isUrgent &&= !isAll
    if (this.#queue.length > 0 || this.#farewell === undefined) return { own: head, shared }
    return { own: `${head}${shared?.text ?? ''}\n${this.#farewell}` }
  }

  #give(poll: Poll, lines: PollLines, sent?: () => void): void {
    this.#expect()
    poll.respond(lines, sent)
  }

  /** From here on the client has to ask again in time. */
  #expect(): void {
    this.#deadline.set(this.#longestMs)
  }

  end(code: number, reason: string): void {
    this.#farewell = closeLine(code, reason)
    this.#answer()
  }

  destroy(): void {
    this.#release()
    this.#deadline.end()
    this.#stopGathering()
    this.#isFlushing = false
    this.#queue = []
    this.#length = 0
  }
}
