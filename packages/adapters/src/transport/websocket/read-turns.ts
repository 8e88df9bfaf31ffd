import type { Buffer } from 'node:buffer'
import { Fifo } from '@parley/protocol'

/** What the other side of a socket does, as its connection hears of it. */
export interface SocketReader {
  /** The socket gave bytes. */
  received(chunk: Buffer): void
  /** The other side will send no more. */
  ended(): void
  /** The socket is closed. */
  gone(): void
}

/** Time that a turn of the event loop spends on what it reads, in ms: half of what the node has to carry it out. */
const sliceMs = 4
/** Reads between two looks at the clock. */
const readsPerLook = 16
/** Bytes that are held; with more, everything is read at once. */
const mostHeldBytes = 16 * 1024 * 1024

type Happening = Buffer | 'ended' | 'gone'

interface Held {
  readonly reader: SocketReader
  readonly what: Happening
}

/**
 * Lets the connections of a transport read for so long a turn. The event loop tells of every socket that has something
 * before it does anything else; when thousands have (a room empties, a network comes back), nobody is served until all of
 * them are read. Beyond a turn's share, what comes is held as it came, and read in the turns that follow, in its order,
 * with the writes and the fan-out between. Otherwise nothing is held.
 */
export class ReadTurns {
  readonly #held = new Fifo<Held>()
  #heldBytes = 0
  /** When this turn's share is used up; undefined before the first read of a turn. */
  #until: number | undefined
  #untilLook = readsPerLook
  #isOver = false

  received(reader: SocketReader, chunk: Buffer): void {
    if (this.#holds || this.#isTurnOver()) this.#hold(reader, chunk)
    else reader.received(chunk)
  }

  ended(reader: SocketReader): void {
    if (this.#holds) this.#hold(reader, 'ended')
    else reader.ended()
  }

  gone(reader: SocketReader): void {
    if (this.#holds) this.#hold(reader, 'gone')
    else reader.gone()
  }

  get #holds(): boolean {
    return this.#held.length > 0
  }

  #isTurnOver(): boolean {
    if (this.#until === undefined) {
      this.#until = performance.now() + sliceMs
      setImmediate(this.#nextTurn)
    }
    this.#untilLook -= 1
    if (this.#untilLook > 0) return this.#isOver
    this.#untilLook = readsPerLook
    this.#isOver = performance.now() >= this.#until
    return this.#isOver
  }

  #hold(reader: SocketReader, what: Happening): void {
    this.#held.push({ reader, what })
    if (typeof what !== 'string') this.#heldBytes += what.length
    if (this.#heldBytes > mostHeldBytes) this.#readUntil(Number.POSITIVE_INFINITY)
  }

  /**
   * What is held has a turn's share of its own, but not in the turn that was told of so much: to be told has taken its
   * time. What comes meanwhile is held behind it.
   */
  readonly #nextTurn = (): void => {
    const wasOver = this.#isOver
    this.#until = undefined
    this.#isOver = false
    if (!wasOver) this.#readUntil(performance.now() + sliceMs)
    if (this.#holds) setImmediate(this.#nextTurn)
  }

  #readUntil(until: number): void {
    for (let count = 1; this.#readNext(); count++)
      if (count % readsPerLook === 0 && performance.now() >= until) return
  }

  #readNext(): boolean {
    const next = this.#held.shift()
    if (next === undefined) return false
    const { reader, what } = next
    if (what === 'ended') reader.ended()
    else if (what === 'gone') reader.gone()
    else {
      this.#heldBytes -= what.length
      reader.received(what)
    }
    return true
  }
}
