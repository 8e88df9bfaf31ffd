/** What was seen of a link since the reading before. */
export interface LinkReading {
  /** Milliseconds since the link brought its first message. */
  readonly ageMs: number
  /** The newest round trip in this time, in ms; undefined: none was completed. */
  readonly roundTripMs: number | undefined
  /** Probes that wait for their answer. */
  readonly unanswered: number
  /** How long the oldest of them waits, in ms. */
  readonly waitingMs: number
  /** Milliseconds since anything arrived. */
  readonly silenceMs: number
  /** Characters in this time. */
  readonly received: number
  readonly sent: number
  /** Bytes that the network has not taken yet. */
  readonly bufferedBytes: number
  /** Requests without an answer. */
  readonly requests: number
  /** Answers in this time, and how many of them were refusals. */
  readonly answers: number
  readonly errors: number
}

const requestLine = /^\{"op":"(?:call|subscribe|unsubscribe|refresh|set)"/gm
const answerLine = /^\{"op":"reply","id":\d+,"(ok|error)"/gm
const errorLine = /^\{"op":"error"/gm
const pingLine = /^\{"op":"ping"\}$/gm
const pongLine = /^\{"op":"pong"\}$/gm

const count = (text: string, line: RegExp): number => text.match(line)?.length ?? 0

/** Counts what passes over one link, without looking into what it says. */
export class LinkCounter {
  readonly #since: number
  #heardAt: number
  /** When each probe was sent that has no answer yet. */
  #probes: number[] = []
  #roundTripMs: number | undefined
  #requests = 0
  #interval = { received: 0, sent: 0, answers: 0, errors: 0 }

  /** @param now milliseconds from a fixed point, as at all methods */
  constructor(now: number) {
    this.#since = now
    this.#heardAt = now
  }

  sent(text: string, now: number): void {
    this.#interval.sent += text.length
    this.#requests += count(text, requestLine)
    for (let probes = count(text, pingLine); probes > 0; probes--) this.#probes.push(now)
  }

  /** Answers the round trips that this completes, in ms. */
  received(text: string, now: number): readonly number[] {
    this.#heardAt = now
    this.#interval.received += text.length
    this.#interval.errors += count(text, errorLine)
    for (const [, outcome] of text.matchAll(answerLine)) {
      this.#interval.answers += 1
      this.#requests = Math.max(0, this.#requests - 1)
      if (outcome === 'error') this.#interval.errors += 1
    }
    const answered = this.#probes.splice(0, count(text, pongLine)).map((at) => now - at)
    this.#roundTripMs = answered.at(-1) ?? this.#roundTripMs
    return answered
  }

  /** The device has slept: what was not heard meanwhile says nothing. */
  wake(now: number): void {
    this.#heardAt = now
    this.#probes = []
  }

  get unanswered(): number {
    return this.#probes.length
  }

  silenceMs(now: number): number {
    return now - this.#heardAt
  }

  /** What was seen since this was called last. */
  read(now: number, bufferedBytes: number): LinkReading {
    const reading: LinkReading = {
      ageMs: now - this.#since,
      roundTripMs: this.#roundTripMs,
      unanswered: this.#probes.length,
      waitingMs: now - (this.#probes[0] ?? now),
      silenceMs: this.silenceMs(now),
      bufferedBytes,
      requests: this.#requests,
      ...this.#interval,
    }
    this.#roundTripMs = undefined
    this.#interval = { received: 0, sent: 0, answers: 0, errors: 0 }
    return reading
  }
}
