import type { Clock, Timer } from '../platform.ts'
import type { Link, LinkHandlers } from '../transport.ts'
import type { Candidate } from './fallback.ts'

export interface AttemptParts {
  readonly patienceMs: number
  readonly hedgeMs: number
  readonly clock: Clock
  /** One has brought something. `better`: an earlier one is open meanwhile. */
  readonly settled: (candidate: Candidate, better: boolean) => void
  readonly failed: () => void
  /** The link is over, for whatever reason. */
  readonly over: () => void
}

/** One candidate on its way. */
interface Lane {
  readonly candidate: Candidate
  link: Link | undefined
  isOpen: boolean
  patience: Timer | undefined
  hedge: Timer | undefined
}

/**
 * A link by whichever candidate answers first. Several may open beside each other, but one at a time is spoken on, so
 * that the server does not meet the same client twice.
 */
export class FallbackAttempt implements Link {
  readonly #url: string
  readonly #handlers: LinkHandlers
  readonly #parts: AttemptParts
  readonly #lanes = new Set<Lane>()
  #left: Candidate[] = []
  #speaker: Lane | undefined
  #isSettled = false
  #isOver = false
  /** What was sent before anything was received. */
  #sent: string[] = []
  #lastWords = { code: 1006, reason: 'There is no transport to try.' }

  constructor(url: string, handlers: LinkHandlers, parts: AttemptParts) {
    this.#url = url
    this.#handlers = handlers
    this.#parts = parts
  }

  /** @param candidates in the order in which they are tried */
  begin(candidates: readonly Candidate[]): void {
    if (this.#isOver) return
    this.#left = [...candidates]
    this.#handlers.opened()
    this.#next()
  }

  get bufferedBytes(): number {
    return this.#speaker?.link?.bufferedBytes ?? 0
  }

  send(text: string): void {
    if (this.#isOver) return
    if (!this.#isSettled) this.#sent.push(text)
    this.#speaker?.link?.send(text)
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#closeLanes(code, reason)
    this.#parts.over()
  }

  /** Begins with the next candidate; without one, and with none on its way, it is over. */
  #next(): void {
    if (this.#isOver || this.#isSettled) return
    const candidate = this.#left.shift()
    if (candidate !== undefined) return this.#begin(candidate)
    if (this.#lanes.size > 0) return
    this.#parts.failed()
    this.#end(this.#lastWords.code, this.#lastWords.reason)
  }

  #begin(candidate: Candidate): void {
    const { clock, hedgeMs } = this.#parts
    const lane: Lane = {
      ...{ candidate, isOpen: false, link: undefined, patience: undefined },
      hedge: clock.after(hedgeMs, () => {
        if (!lane.isOpen) this.#next()
      }),
    }
    this.#lanes.add(lane)
    this.#giveTime(lane)
    const isCurrent = (): boolean => this.#lanes.has(lane) && !this.#isOver
    const { transport, url = this.#url } = candidate
    lane.link = transport.open(url, {
      opened: () => isCurrent() && this.#opened(lane),
      received: (text) => isCurrent() && this.#received(lane, text),
      closed: (code, reason) => isCurrent() && this.#closed(lane, code, reason),
    })
  }

  #giveTime(lane: Lane): void {
    const { clock, patienceMs } = this.#parts
    lane.patience?.cancel()
    lane.patience = clock.after(patienceMs, () =>
      this.#drop(lane, 1006, `Nothing came by ${lane.candidate.transport.name} within ${patienceMs} ms.`),
    )
  }

  #opened(lane: Lane): void {
    lane.isOpen = true
    if (this.#speaker === undefined) this.#speak(lane)
  }

  #speak(lane: Lane): void {
    this.#speaker = lane
    this.#giveTime(lane)
    for (const text of this.#sent) lane.link?.send(text)
  }

  #received(lane: Lane, text: string): void {
    // Nothing was asked on the others.
    if (lane !== this.#speaker) return
    if (!this.#isSettled) this.#settle(lane)
    this.#handlers.received(text)
  }

  #settle(lane: Lane): void {
    this.#isSettled = true
    this.#sent = []
    const others = [...this.#lanes].filter((other) => other !== lane)
    this.#lanes.clear()
    this.#lanes.add(lane)
    stop(lane)
    for (const other of others) {
      stop(other)
      other.link?.close(3000, 'another was quicker')
    }
    this.#parts.settled(
      lane.candidate,
      others.some(({ isOpen }) => isOpen),
    )
  }

  #closed(lane: Lane, code: number, reason: string): void {
    // A verdict of the server holds for every transport.
    const isVerdict = lane === this.#speaker && code >= 4000 && code <= 4199
    if (!this.#isSettled && !isVerdict) return this.#drop(lane, code, reason)
    this.#lanes.delete(lane)
    stop(lane)
    this.#end(code, reason)
  }

  /** This one leads nowhere. */
  #drop(lane: Lane, code: number, reason: string): void {
    stop(lane)
    this.#lanes.delete(lane)
    lane.link?.close(3000, 'no answer')
    this.#lastWords = { code, reason }
    if (this.#speaker === lane) this.#speaker = undefined
    const ready = [...this.#lanes].find(({ isOpen }) => isOpen)
    if (this.#speaker === undefined && ready !== undefined) this.#speak(ready)
    else if (this.#speaker === undefined) this.#next()
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#closeLanes(3000, 'over')
    this.#parts.over()
    this.#handlers.closed(code, reason)
  }

  #closeLanes(code: number, reason: string): void {
    for (const lane of this.#lanes) {
      stop(lane)
      lane.link?.close(code, reason)
    }
    this.#lanes.clear()
  }
}

function stop(lane: Lane): void {
  lane.patience?.cancel()
  lane.hedge?.cancel()
}
