import { systemClock } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'
import { type DownlinkParts, type HttpTransportOptions, overHttp } from './http-link.ts'
import { post } from './http-target.ts'
import type { LinkName } from './uplink.ts'

export interface PollingTransportOptions extends HttpTransportOptions {
  /**
   * Milliseconds between two polls, each answered at once. Default 0: the server holds a poll until there is something,
   * so that messages come without delay.
   */
  readonly pollInterval?: number | undefined
  /** How long the server holds a poll, in ms; default 25,000, less than proxies allow. */
  readonly waitMs?: number | undefined
}

const defaultWaitMs = 25_000
/** A poll may take so long beyond the time that it is held. */
const answerMs = 10_000
const firstDelayMs = 250
const maxFailures = 6
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Polling: plain requests and answers, which pass every proxy. */
export function pollingTransport(options: PollingTransportOptions = {}): ClientTransport {
  const { pollInterval = 0, waitMs = defaultWaitMs, ...rest } = options
  const pace = { pauseMs: pollInterval, waitMs: pollInterval > 0 ? 0 : waitMs }
  return overHttp('polling', (parts) => poll(parts, pace), { ...rest, clock: options.clock ?? systemClock })
}

interface Pace {
  readonly pauseMs: number
  readonly waitMs: number
}

async function poll(parts: DownlinkParts, pace: Pace): Promise<void> {
  const polls = new Polls(parts, pace)
  while (!parts.signal.aborted) {
    const delayMs = await polls.next()
    if (delayMs > 0) await pause(parts, delayMs)
  }
}

/** One poll after the other; each confirms the answer to the one before, and one without an answer is repeated. */
class Polls {
  readonly #parts: DownlinkParts
  readonly #pace: Pace
  #ack = 0
  #failures = 0

  constructor(parts: DownlinkParts, pace: Pace) {
    this.#parts = parts
    this.#pace = pace
  }

  /** Answers how long to wait before the next. */
  async next(): Promise<number> {
    const { clock, lines, name, signal } = this.#parts
    const link = name()
    const answer = await ask(this.#parts, link === undefined ? this.#opening() : this.#following(link))
    if (signal.aborted) return 0
    if (answer.lines === undefined) {
      if (link === undefined) await this.#refused(answer)
      else this.#failed(answer)
      return firstDelayMs * 2 ** this.#failures * (0.5 + clock.random() / 2)
    }
    this.#failures = 0
    this.#ack = seqOf(answer.lines[0])
    lines(answer.lines.slice(1))
    return this.#pace.pauseMs
  }

  /** The opening poll is held in any case: its answer has the reply to `connect`. */
  #opening(): PollBody {
    return {
      envelope: { waitMs: defaultWaitMs, pauseMs: this.#pace.pauseMs },
      message: this.#parts.message,
    }
  }

  #following(link: LinkName): PollBody {
    return { envelope: { ...link, ack: this.#ack, waitMs: this.#pace.waitMs } }
  }

  async #refused({ response, problem }: Answer): Promise<void> {
    if (response === undefined) this.#parts.broken(problem)
    else await this.#parts.refused(response)
  }

  #failed({ isPassing, problem }: Answer): void {
    this.#failures += 1
    if (!isPassing || this.#failures >= maxFailures) this.#parts.broken(problem)
  }
}

interface PollBody {
  readonly envelope: { readonly waitMs: number; readonly pauseMs?: number; readonly ack?: number }
  readonly message?: string
}

interface Answer {
  readonly lines?: readonly string[]
  readonly response?: Response
  readonly problem: string
  /** The same poll may be tried again. */
  readonly isPassing: boolean
}

async function ask({ clock, fetcher, signal, url }: DownlinkParts, body: PollBody): Promise<Answer> {
  const giveUp = new AbortController()
  const end = () => giveUp.abort()
  signal.addEventListener('abort', end, { once: true })
  const timer = clock.after(body.envelope.waitMs + answerMs, end)
  try {
    const response = await post(fetcher, url('poll'), { ...body, signal: giveUp.signal })
    if (!response.ok)
      return {
        response,
        problem: `The server answered with HTTP status ${response.status}.`,
        isPassing: passing.has(response.status),
      }
    return { lines: (await response.text()).split('\n'), problem: '', isPassing: true }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error), isPassing: true }
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', end)
  }
}

/** The number of an answer, from its first line. */
function seqOf(line = '{}'): number {
  return Number((JSON.parse(line) as { readonly seq?: number }).seq ?? 0)
}

function pause({ clock, signal }: DownlinkParts, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(delayMs, end)
    signal.addEventListener('abort', end, { once: true })
  })
}
