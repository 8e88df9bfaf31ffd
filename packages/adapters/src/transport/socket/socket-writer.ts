import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { type DirectHandle, directHandleOf, writeTo } from './direct-handle.ts'

/** Pieces are joined up to so many bytes. */
const mostJoined = 16_384
const nothing = new Uint8Array(0)

/**
 * What writes ready-made bytes to a socket, in the order of the calls, and tells when all of it is with the operating
 * system. As long as that takes everything at once, bytes go past the socket's own queue: a write costs one call, and
 * there is nothing to keep account of. What is not taken waits in the queue, and all that follows behind it.
 *
 * A base class and not a part: thousands of these are written to in a row, and each object on the way is fetched from memory.
 */
export abstract class SocketWriter {
  // What every live write reads stands first: it shares a line of the processor's cache.
  protected readonly socket: Socket
  #handle: DirectHandle | undefined
  /** Something waits to be taken. */
  #isWaiting = false
  #corks = 0
  /** What was written since it was corked. */
  #held: Uint8Array[] | undefined
  /** Bytes that wait below the queue of the socket. */
  #left = 0
  #whenTaken: ((error?: Error | null) => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** All that was written is with the operating system, after some of it had to wait. */
  protected abstract taken(): void

  /** Nobody else writes to the socket from now on. */
  protected begin(): void {
    this.#handle = directHandleOf(this.socket)
    if (this.socket.writableLength > 0) this.#wait(0)
  }

  /** Bytes that the operating system has not taken. */
  protected get waitingBytes(): number {
    const held = this.#held === undefined ? 0 : lengthOf(this.#held)
    return this.#isWaiting ? held + this.#left + this.socket.writableLength : held
  }

  /** Something was not taken at once, and it is not known yet that it is now. */
  protected get isWaiting(): boolean {
    return this.#isWaiting
  }

  protected write(bytes: Uint8Array): void {
    if (this.#held === undefined) this.#put(bytes)
    else this.#held.push(bytes)
  }

  /** Holds back what is written until as many calls of `uncork`, and writes it as one piece then. */
  cork(): void {
    this.#corks += 1
    this.#held ??= []
  }

  uncork(): void {
    if (this.#corks === 0) return
    this.#corks -= 1
    if (this.#corks === 0) this.#release()
  }

  /** Writes what is held back now: nothing will be any more. */
  protected uncorkAll(): void {
    this.#corks = 0
    this.#release()
  }

  #put(bytes: Uint8Array): void {
    const { socket } = this
    if (this.#isWaiting) socket.write(bytes)
    else if (this.#handle === undefined) {
      socket.write(bytes)
      if (socket.writableLength > 0) this.#wait(0)
    } else {
      const left = writeTo(this.#handle, bytes)
      if (left === undefined) socket.destroy()
      else if (left > 0) this.#wait(left)
    }
  }

  /** As one piece: copying little costs less than handing a list to the operating system. */
  #release(): void {
    const held = this.#held
    this.#held = undefined
    const first = held?.[0]
    if (held === undefined || first === undefined) return
    const length = lengthOf(held)
    if (held.length === 1) this.#put(first)
    else if (length <= mostJoined) this.#put(Buffer.concat(held, length))
    else this.#writeList(held)
  }

  #writeList(pieces: readonly Uint8Array[]): void {
    const { socket } = this
    socket.cork()
    for (const bytes of pieces) socket.write(bytes)
    socket.uncork()
    if (socket.writableLength > 0 && !this.#isWaiting) this.#wait(0)
  }

  /**
   * A socket tells 'drain' only above its high-water mark, which most backlogs do not reach; an empty write behind the
   * backlog tells when all before it is with the operating system.
   */
  #wait(left: number): void {
    this.#isWaiting = true
    this.#left = left
    this.#whenTaken ??= (error) => {
      // A write that failed means that the socket is closing: its `close` is what comes next.
      if (error == null) this.#wasTaken()
    }
    this.socket.write(nothing, this.#whenTaken)
  }

  #wasTaken(): void {
    if (this.socket.writableLength > 0) {
      this.#wait(0)
      return
    }
    this.#isWaiting = false
    this.#left = 0
    this.taken()
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}
