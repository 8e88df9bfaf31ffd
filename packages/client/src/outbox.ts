import { type CallOptions, ParleyError, type Priority } from '@parley/protocol'
import { type Backoff, backoffMs } from './connection/backoff.ts'
import type { Clock, Timer } from './platform.ts'
import type { Answer, Request } from './requests.ts'
import { onAbort } from './subscriptions/on-abort.ts'

export interface OutboxOptions {
  readonly clock: Clock
  readonly backoff: Backoff
  /** Unanswered calls; one more is refused. */
  readonly maxCalls: number
  /** Characters of all unanswered inputs together. */
  readonly maxLength: number
  /** Characters of one input. */
  readonly maxInputLength: number
  readonly callTimeoutMs: number
  readonly maxRetries: number
  /** How long a server remembers the answer to a key. */
  readonly idempotencyWindowMs: number
  readonly request: Request
  /** The server refused a call because the token is no longer good. */
  readonly renewToken: () => void
}

/** Calls that keep their order among themselves: those on one channel, else those of one module. */
interface Lane {
  readonly name: string
  calls: number
  sent: number
  /**
   * So many calls may be without an answer. One after a refusal, so that none overtakes what was refused and is sent again;
   * where the server sees to that, one more with every answer, until nothing waits.
   */
  window: number
  isFenced: boolean
  /** The earliest call that was refused since calls were last sent; those behind it are refused with it. */
  refused: number
  pause: Timer | undefined
}

interface Call {
  readonly command: string
  readonly input: string
  readonly key: string
  readonly traceparent: string | undefined
  readonly lane: Lane
  readonly rank: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: ParleyError) => void
  readonly deadline: Timer | undefined
  readonly removeAbort: () => void
  state: 'waiting' | 'sent' | 'settled'
  retries: number
  firstSentAt: number | undefined
  answerTimer: Timer | undefined
}

/**
 * Calls that have no answer yet, in the order in which they were made. They wait while there is no connection, are sent
 * again with the same idempotency key after a loss, oldest first, and are repeated when the server says "later".
 */
export class Outbox {
  readonly #options: OutboxOptions
  // In order of the calls: a Map keeps it.
  readonly #calls = new Map<number, Call>()
  readonly #lanes = new Map<string, Lane>()
  #lastSeq = 0
  #length = 0
  #isOpen = false
  #refusal: ParleyError | undefined

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Runs a command. The input is read now: later changes to it do not count. */
  call(command: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
    const text = input === undefined ? undefined : encode(input)
    if (text instanceof ParleyError) return Promise.reject(text)
    const problem = this.#problem(text?.length ?? 0, options.signal)
    if (problem !== undefined) return Promise.reject(problem)
    return new Promise((resolve, reject) => {
      this.#lastSeq += 1
      const seq = this.#lastSeq
      const lane = this.#lane(command, input)
      lane.calls += 1
      this.#length += text?.length ?? 0
      const call: Call = {
        command,
        input: text ?? '',
        key: options.key ?? this.#options.clock.secret(128),
        traceparent: options.traceparent,
        lane,
        rank: ranks[options.priority ?? 'normal'],
        resolve,
        reject,
        deadline: this.#deadline(seq, options.timeoutMs),
        removeAbort: onAbort(options.signal, (signal) => this.#aborted(seq, signal)),
        state: 'waiting',
        retries: 0,
        firstSentAt: undefined,
        answerTimer: undefined,
      }
      this.#calls.set(seq, call)
      if (this.#isOpen && !isHeld(lane) && lane.sent === lane.calls - 1) this.#send(seq, call)
    })
  }

  /** A connection can be used: everything unanswered is sent, the most urgent and then the oldest first. */
  open(): void {
    this.#isOpen = true
    this.#refusal = undefined
    this.#flush()
  }

  /** The connection is gone; calls wait for the next. */
  hold(): void {
    this.#isOpen = false
  }

  /** Rejects all calls and, with `forGood`, those to come until `open`. */
  rejectAll(error: ParleyError, forGood: boolean): void {
    if (forGood) this.#refusal = error
    for (const [seq, call] of [...this.#calls]) this.#settle(seq, call, error)
  }

  /** Calls are accepted again and wait for a connection. */
  accept(): void {
    this.#refusal = undefined
  }

  #problem(length: number, signal: AbortSignal | undefined): ParleyError | undefined {
    const { maxCalls, maxLength, maxInputLength } = this.#options
    if (signal?.aborted === true) return cancelled(signal)
    if (this.#refusal !== undefined)
      return new ParleyError('disconnected', 'The client is disconnected. Call connect() first.', {
        cause: this.#refusal,
      })
    if (length > maxInputLength)
      return new ParleyError(
        'payload_too_large',
        `The input has ${length} characters, at most ${maxInputLength}. Split it.`,
      )
    if (this.#calls.size >= maxCalls || this.#length + length > maxLength)
      return new ParleyError(
        'overloaded',
        `${this.#calls.size} calls wait for an answer, which is the limit.`,
      )
    return undefined
  }

  #lane(command: string, input: unknown): Lane {
    const channel = (input as { readonly channel?: unknown } | null | undefined)?.channel
    const name = typeof channel === 'string' ? `#${channel}` : command.slice(0, command.indexOf('.'))
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = { name, ...untroubled, calls: 0, sent: 0, pause: undefined }
      this.#lanes.set(name, lane)
    }
    return lane
  }

  #deadline(seq: number, timeoutMs: number | undefined): Timer | undefined {
    if (timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY) return undefined
    return this.#options.clock.after(timeoutMs, () => this.#timeOut(seq, timeoutMs))
  }

  #timeOut(seq: number, afterMs: number): void {
    const call = this.#calls.get(seq)
    if (call === undefined) return
    const message =
      call.firstSentAt === undefined
        ? `Not sent within ${afterMs} ms.`
        : `No answer to \`${call.command}\` within ${afterMs} ms. Repeat it with the key in \`details\`.`
    this.#settle(seq, call, new ParleyError('timeout', message, { details: { key: call.key } }))
    this.#flush()
  }

  #aborted(seq: number, signal: AbortSignal): void {
    const call = this.#calls.get(seq)
    if (call === undefined) return
    this.#settle(seq, call, cancelled(signal))
    this.#flush()
  }

  /** Sends what may be sent, in order of urgency; what waits holds back the later calls of its lane. */
  #flush(): void {
    if (!this.#isOpen) return
    const held = new Set<Lane>()
    for (const [seq, call] of this.#waiting()) {
      if (held.has(call.lane) || isHeld(call.lane)) held.add(call.lane)
      else this.#send(seq, call)
      if (!this.#isOpen) return
    }
  }

  /** Calls that wait: a lane as a whole has the rank of its most urgent call, as its calls keep their order. */
  #waiting(): readonly (readonly [number, Call])[] {
    const waiting = [...this.#calls].filter(([, call]) => call.state === 'waiting')
    if (waiting.every(([, call]) => call.rank === ranks.normal)) return waiting
    const rankOf = new Map<Lane, number>()
    for (const [, { lane, rank }] of waiting) rankOf.set(lane, Math.min(rank, rankOf.get(lane) ?? rank))
    // Sorting keeps the order of equals.
    return waiting.sort(([, a], [, b]) => (rankOf.get(a.lane) ?? 0) - (rankOf.get(b.lane) ?? 0))
  }

  #send(seq: number, call: Call): void {
    const { clock, request, callTimeoutMs, idempotencyWindowMs } = this.#options
    const now = clock.now()
    if (call.firstSentAt !== undefined && now - call.firstSentAt > idempotencyWindowMs) {
      const message = 'Sent too long ago to be repeated safely.'
      return this.#settle(
        seq,
        call,
        new ParleyError('outcome_unknown', message, { details: { key: call.key } }),
      )
    }
    const { command, input, key, lane, traceparent } = call
    const trace = traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`
    const body = `,"command":${JSON.stringify(command)},"key":${JSON.stringify(key)}${trace}${input === '' ? '' : `,"input":${input}`}}`
    const isSent = request(
      (id, fence) => `{"op":"call","id":${id},"fence":${fence}${body}`,
      (answer) => this.#answered(seq, call, answer),
    )
    if (!isSent) return this.hold()
    call.state = 'sent'
    call.firstSentAt ??= now
    lane.sent += 1
    if (call.deadline === undefined && callTimeoutMs < Number.POSITIVE_INFINITY)
      call.answerTimer = clock.after(callTimeoutMs, () => this.#timeOut(seq, callTimeoutMs))
  }

  #answered(seq: number, call: Call, answer: Answer): void {
    // Aborted or timed out in the meantime.
    if (call.state !== 'sent') return
    if (answer.status === 'ok') this.#finish(seq, call, undefined, answer.value)
    else if (answer.status === 'lost') this.#takeBack(call)
    else if (!answer.error.retryable || (seq < call.lane.refused && call.retries >= this.#options.maxRetries))
      this.#finish(seq, call, answer.error)
    else {
      this.#takeBack(call)
      this.#repeatLater(seq, call, answer)
    }
  }

  #finish(seq: number, call: Call, error: ParleyError | undefined, value?: unknown): void {
    const { lane } = call
    this.#settle(seq, call, error, value)
    if (lane.window === Number.POSITIVE_INFINITY) return
    if (lane.isFenced) lane.window += 1
    if (lane.calls > lane.sent) this.#flush()
    else if (lane.isFenced) Object.assign(lane, untroubled)
  }

  #takeBack(call: Call): void {
    call.answerTimer?.cancel()
    call.answerTimer = undefined
    call.state = 'waiting'
    call.lane.sent -= 1
  }

  #repeatLater(seq: number, call: Call, { error, fence }: Extract<Answer, { status: 'error' }>): void {
    const { clock, backoff, renewToken } = this.#options
    const { lane } = call
    if (error.retry === 'refresh') renewToken()
    const delayMs = (error.retryAfterMs ?? 0) + backoffMs(call.retries, backoff, clock.random())
    if (seq < lane.refused) {
      call.retries += 1
      lane.refused = seq
    }
    lane.window = 1
    lane.isFenced = fence !== undefined
    // Several calls of a lane may be refused together: the first pause counts.
    lane.pause ??= clock.after(delayMs, () => {
      lane.pause = undefined
      lane.refused = Number.POSITIVE_INFINITY
      this.#flush()
    })
  }

  #settle(seq: number, call: Call, error: ParleyError | undefined, value?: unknown): void {
    if (call.state === 'settled') return
    const { lane } = call
    if (call.state === 'sent') lane.sent -= 1
    call.state = 'settled'
    this.#calls.delete(seq)
    this.#length -= call.input.length
    call.deadline?.cancel()
    call.answerTimer?.cancel()
    call.removeAbort()
    lane.calls -= 1
    if (lane.calls === 0) {
      lane.pause?.cancel()
      this.#lanes.delete(lane.name)
    }
    if (error === undefined) call.resolve(value)
    else call.reject(error)
  }
}

const ranks: Readonly<Record<Priority, number>> = {
  critical: 0,
  urgent: 0,
  high: 1,
  normal: 2,
  low: 3,
  background: 4,
}

const untroubled = { window: Number.POSITIVE_INFINITY, isFenced: false, refused: Number.POSITIVE_INFINITY }

function isHeld(lane: Lane): boolean {
  return lane.pause !== undefined || lane.sent >= lane.window
}

function cancelled(signal: AbortSignal): ParleyError {
  return new ParleyError('cancelled', undefined, { cause: signal.reason })
}

function encode(input: unknown): string | ParleyError {
  try {
    return JSON.stringify(input) ?? ''
  } catch (cause) {
    return new ParleyError('bad_request', 'The input is not JSON.', { cause })
  }
}
