import type { Socket } from 'node:net'
import { type Way, wayOf } from './conditions.ts'

/** Bytes that a direction holds at most, so that a slow way is felt by who sends. */
const heldBytes = 16_384
/** The same where bytes take their time: those under way are not held up. */
const underWayBytes = 1_048_576
/** A slow way lets bytes pass so often. */
const tickMs = 25

interface Held {
  readonly bytes: Buffer
  readonly dueAt: number
}

/** Bytes of a link in one direction, from one socket to another. */
export class Flow {
  /** Some bytes were swallowed: whoever goes on reading does not know where a message begins. */
  hasSwallowed = false
  readonly #from: Socket
  readonly #to: Socket
  readonly #random: () => number
  #way: Way = wayOf()
  #held: Held[] = []
  #heldBytes = 0
  #budget = 0
  #countedAt = performance.now()
  #lastDueAt = 0
  #timer: NodeJS.Timeout | undefined
  #hasEnded = false

  constructor(from: Socket, to: Socket, random: () => number) {
    this.#from = from
    this.#to = to
    this.#random = random
    from.on('data', (bytes: Buffer) => this.#take(bytes))
    from.on('end', () => {
      this.#hasEnded = true
      this.#release()
    })
    to.on('drain', () => this.#release())
  }

  set way(way: Way) {
    this.#way = way
    this.#budget = 0
    this.#countedAt = performance.now()
    this.#release()
  }

  /** Nothing is delivered any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#held = []
    this.#heldBytes = 0
  }

  #take(bytes: Buffer): void {
    const { swallows, delayMs, jitterMs } = this.#way
    if (swallows) {
      this.hasSwallowed = true
      return
    }
    const dueAt = performance.now() + delayMs + jitterMs * this.#random()
    this.#lastDueAt = Math.max(this.#lastDueAt, delayMs + jitterMs > 0 ? dueAt : 0)
    this.#held.push({ bytes, dueAt: this.#lastDueAt })
    this.#heldBytes += bytes.length
    this.#release()
  }

  /** Passes on what is due and fits, and sees to it that the rest has its turn. */
  #release(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#to.destroyed) return
    const now = performance.now()
    this.#earn(now)
    let waitMs = this.#pass(now)
    while (waitMs === 0 && this.#held.length > 0) waitMs = this.#pass(now)
    this.#pace()
    if (this.#held.length === 0) {
      if (this.#hasEnded && !this.#to.writableEnded) this.#to.end()
    } else if (waitMs !== undefined) this.#timer = setTimeout(() => this.#release(), waitMs)
  }

  /** Passes a piece on. Answers how long to wait for the next one; undefined: for something else to happen. */
  #pass(now: number): number | undefined {
    const [first] = this.#held
    if (first === undefined || this.#to.writableNeedDrain) return undefined
    if (first.dueAt > now) return first.dueAt - now
    const { bytesPerSecond, pieceBytes } = this.#way
    if (bytesPerSecond === 0) return undefined
    const length = Math.min(first.bytes.length, pieceBytes, Math.floor(this.#budget))
    if (length === 0) return tickMs
    this.#to.write(first.bytes.subarray(0, length))
    this.#budget -= length
    this.#heldBytes -= length
    if (length === first.bytes.length) this.#held.shift()
    else this.#held[0] = { bytes: first.bytes.subarray(length), dueAt: first.dueAt }
    return pieceBytes === Number.POSITIVE_INFINITY ? 0 : 1
  }

  #earn(now: number): void {
    const { bytesPerSecond } = this.#way
    const earned = (bytesPerSecond * (now - this.#countedAt)) / 1_000
    const most = Math.max(1, (bytesPerSecond * 2 * tickMs) / 1_000)
    this.#budget =
      bytesPerSecond === Number.POSITIVE_INFINITY ? bytesPerSecond : Math.min(this.#budget + earned, most)
    this.#countedAt = now
  }

  /** Who sends is to notice when nothing more fits. */
  #pace(): void {
    const most = this.#way.delayMs + this.#way.jitterMs > 0 ? underWayBytes : heldBytes
    if (this.#heldBytes >= most) this.#from.pause()
    else if (this.#from.isPaused()) this.#from.resume()
  }
}
