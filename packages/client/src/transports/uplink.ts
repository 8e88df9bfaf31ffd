import { maxFramesPerMessage } from '@parley/protocol'
import { byteLength } from '../connection/wire.ts'
import type { Clock } from '../platform.ts'
import { post } from './http-target.ts'

/** How the server calls a link; known when the downlink's first line is here. */
export interface LinkName {
  readonly link: string
  readonly secret: string
}

export interface UplinkParts {
  readonly fetcher: typeof fetch
  readonly clock: Clock
  readonly url: string
  /** The link cannot be gone on with. */
  readonly lost: (reason: string) => void
}

/** Messages that wait are sent together, up to a size that every server accepts. */
const maxBytes = 16_384
/** A request that gets no answer is given up after so long, and repeated. */
const timeoutMs = 10_000
const firstDelayMs = 250
const maxAttempts = 6
/** These say "later": the same message may be sent again. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

interface Close {
  readonly code: number
  readonly reason: string
}

/**
 * Messages to the server, each in a request of its own: one at a time, with numbers, so that whatever is repeated is
 * taken once and in order, at whichever node it arrives.
 */
export class Uplink {
  readonly #parts: UplinkParts
  #name: LinkName | undefined
  #queue: string[] = []
  #close: { readonly close: Close; readonly done: () => void } | undefined
  #seq = 0
  #isBusy = false
  #isOver = false
  /** Gives up the request that is on its way. */
  #giveUp = new AbortController()
  /** Ends the pause before the next try. */
  #endPause: (() => void) | undefined
  bufferedBytes = 0

  constructor(parts: UplinkParts) {
    this.#parts = parts
  }

  /** The link has a name: what waits can go. */
  open(name: LinkName): void {
    this.#name = name
    this.#pump()
  }

  send(message: string): void {
    if (this.#isOver) return
    this.#queue.push(message)
    this.bufferedBytes += message.length
    this.#pump()
  }

  /** Says farewell behind everything that waits; `done` is called when it is said, or cannot be. */
  close(close: Close, done: () => void): void {
    if (this.#name === undefined || this.#isOver) {
      done()
      return
    }
    this.#close = { close, done }
    this.#pump()
  }

  /** Gives up what waits. */
  stop(): void {
    this.#isOver = true
    this.#giveUp.abort()
    this.#endPause?.()
    this.#queue = []
    this.bufferedBytes = 0
    this.#close?.done()
  }

  #pump(): void {
    const name = this.#name
    if (this.#isBusy || this.#isOver || name === undefined) return
    if (this.#queue.length === 0 && this.#close === undefined) return
    this.#isBusy = true
    void this.#ship(name).finally(() => {
      this.#isBusy = false
      this.#pump()
    })
  }

  async #ship(name: LinkName): Promise<void> {
    const message = this.#next()
    const farewell = this.#queue.length === 0 ? this.#close : undefined
    this.#seq += 1
    const envelope = {
      ...name,
      seq: this.#seq,
      ...(farewell === undefined ? {} : { close: farewell.close }),
    }
    const problem = await this.#deliver({ envelope, message, keepalive: farewell !== undefined })
    if (problem !== undefined && !this.#isOver && farewell === undefined) this.#parts.lost(problem)
    if (farewell !== undefined) this.stop()
  }

  /** Messages that fit together. */
  #next(): string {
    const messages: string[] = []
    let bytes = 0
    let frames = 0
    for (const message of this.#queue) {
      bytes += byteLength(message) + 1
      frames += message.split('\n').length
      if (messages.length > 0 && (bytes > maxBytes || frames > maxFramesPerMessage)) break
      messages.push(message)
      this.bufferedBytes -= message.length
    }
    this.#queue.splice(0, messages.length)
    return messages.join('\n')
  }

  /** The pause before a further attempt. Answers false when what waits is given up. */
  #pause(attempt: number): Promise<boolean> {
    const { clock } = this.#parts
    const delayMs = firstDelayMs * 2 ** (attempt - 1) * (0.5 + clock.random() / 2)
    return new Promise((resolve) => {
      const timer = clock.after(delayMs, () => resolve(true))
      this.#endPause = () => {
        timer.cancel()
        resolve(false)
      }
    })
  }

  /** Answers what is wrong when the server will not have it. */
  async #deliver(body: {
    envelope: object
    message: string
    keepalive: boolean
  }): Promise<string | undefined> {
    const { clock, fetcher, url } = this.#parts
    let problem = ''
    for (let attempt = 0; attempt < maxAttempts && !this.#isOver; attempt++) {
      if (attempt > 0 && !(await this.#pause(attempt))) break
      const giveUp = new AbortController()
      this.#giveUp = giveUp
      const timer = clock.after(timeoutMs, () => giveUp.abort())
      try {
        const response = await post(fetcher, url, { ...body, signal: giveUp.signal })
        const text = await response.text()
        if (response.ok) return undefined
        problem = `${response.status} ${text.slice(0, 200)}`
        if (!passing.has(response.status)) return problem
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      } finally {
        timer.cancel()
      }
    }
    return problem
  }
}
