import { type Clock, systemClock, type Timer } from '../platform.ts'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'

export interface FallbackOptions {
  /** Further addresses of the same service, tried when one answers by no transport. */
  readonly backups?: readonly string[] | undefined
  /** A transport that has brought nothing after so long is given up, in ms; default 4,000. */
  readonly patienceMs?: number | undefined
  readonly clock?: Clock | undefined
}

const defaultPatienceMs = 4_000

interface Candidate {
  readonly transport: ClientTransport
  /** None: the address of the client itself. */
  readonly url?: string
}

/**
 * Tries transports in order until one brings something from the server, and begins with that one the next time. What was
 * sent so far is sent again on the next: until the server has answered, it is only who the client is and what it wants
 * to hear.
 */
export function fallbackTransport(
  transports: readonly ClientTransport[],
  options: FallbackOptions = {},
): ClientTransport {
  const { backups = [], patienceMs = defaultPatienceMs, clock = systemClock } = options
  const candidates: readonly Candidate[] = [
    ...transports.map((transport) => ({ transport })),
    ...backups.flatMap((url) => transports.map((transport) => ({ transport, url }))),
  ]
  let best = 0
  return {
    get name() {
      return candidates[best]?.transport.name ?? 'none'
    },
    open(url, handlers) {
      const order = candidates.map((_, index) => (best + index) % candidates.length)
      return new Attempt(url, handlers, {
        ...{ candidates, order, patienceMs, clock },
        settled: (index) => {
          best = index
        },
        // Nothing answers: the next time begins with the first choice.
        failed: () => {
          best = 0
        },
      })
    },
  }
}

interface AttemptParts {
  readonly candidates: readonly Candidate[]
  /** Indices of the candidates, in the order in which they are tried. */
  readonly order: readonly number[]
  readonly patienceMs: number
  readonly clock: Clock
  readonly settled: (index: number) => void
  readonly failed: () => void
}

class Attempt implements Link {
  readonly #url: string
  readonly #handlers: LinkHandlers
  readonly #parts: AttemptParts
  #turn = -1
  #link: Link | undefined
  #isOpen = false
  #isSettled = false
  #isOver = false
  /** What was sent before anything was received. */
  #sent: string[] = []
  #timer: Timer | undefined

  constructor(url: string, handlers: LinkHandlers, parts: AttemptParts) {
    this.#url = url
    this.#handlers = handlers
    this.#parts = parts
    queueMicrotask(() => {
      if (this.#isOver) return
      handlers.opened()
      this.#next(1006, 'There is no transport to try.')
    })
  }

  /** The next candidate, or the end, for the reason of the one before. */
  #next(code: number, reason: string): void {
    const { candidates, clock, order, patienceMs } = this.#parts
    this.#timer?.cancel()
    this.#turn += 1
    const turn = this.#turn
    const candidate = candidates[order[turn] ?? -1]
    if (candidate === undefined) {
      this.#isOver = true
      this.#parts.failed()
      this.#handlers.closed(code, reason)
      return
    }
    const { transport, url = this.#url } = candidate
    this.#isOpen = false
    const isCurrent = () => turn === this.#turn && !this.#isOver
    const link = transport.open(url, {
      opened: () => isCurrent() && this.#opened(link),
      received: (text) => isCurrent() && this.#received(text, order[turn] ?? 0),
      closed: (why, because) => isCurrent() && this.#closed(why, because),
    })
    this.#link = link
    this.#timer = clock.after(patienceMs, () => {
      if (!isCurrent() || this.#isSettled) return
      link.close(3000, 'no answer')
      this.#next(1006, `Nothing came by ${transport.name} within ${patienceMs} ms.`)
    })
  }

  #opened(link: Link): void {
    this.#isOpen = true
    for (const text of this.#sent) link.send(text)
  }

  #received(text: string, index: number): void {
    if (!this.#isSettled) {
      this.#isSettled = true
      this.#sent = []
      this.#timer?.cancel()
      this.#parts.settled(index)
    }
    this.#handlers.received(text)
  }

  #closed(code: number, reason: string): void {
    // A verdict of the server holds for every transport.
    if (!this.#isSettled && (code < 4000 || code > 4199)) {
      this.#next(code, reason)
      return
    }
    this.#isOver = true
    this.#timer?.cancel()
    this.#handlers.closed(code, reason)
  }

  get bufferedBytes(): number {
    return this.#link?.bufferedBytes ?? 0
  }

  send(text: string): void {
    if (this.#isOver) return
    if (!this.#isSettled) this.#sent.push(text)
    if (this.#isOpen) this.#link?.send(text)
  }

  close(code: number, reason: string): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#link?.close(code, reason)
  }
}
