import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { OutgoingFrame } from '@parley/kernel'
import type { Encoding } from './encoding.ts'
import { writableOf } from './writable-of.ts'

/** What an outlet tells. */
export interface OutletOwner {
  /** Nothing waits any more. */
  drained(): void
  /** The response is over; `isWhole`: it was ended here, and everything has left. */
  over(isWhole: boolean): void
}

const nothing = new Uint8Array(0)

/**
 * The body of a response that goes on and on. Over HTTP/1.1 ready-made chunks are written to the socket itself, so that
 * the same bytes go to every client; otherwise the response writes them.
 */
export class Outlet {
  readonly #response: ServerResponse
  readonly #encoding: Encoding
  readonly #owner: OutletOwner
  #socket: Socket | undefined
  #corks = 0
  #watching = false
  #isOpen = true

  /** The head of the response is written. */
  constructor(response: ServerResponse, encoding: Encoding, owner: OutletOwner) {
    this.#response = response
    this.#encoding = encoding
    this.#owner = owner
    this.#socket = socketOf(response)
    response.on('close', () => {
      this.#isOpen = false
      owner.over(response.writableFinished)
    })
  }

  get bufferedBytes(): number {
    return this.#isOpen ? this.#writableLength : 0
  }

  get #writableLength(): number {
    return this.#socket?.writableLength ?? writableOf(this.#response).writableLength
  }

  write(frame: OutgoingFrame): void {
    if (!this.#isOpen) return
    if (this.#socket === undefined) {
      this.#response.write(this.#encoding.of(frame, false), this.#written)
      this.#watching = true
      return
    }
    this.#socket.write(this.#encoding.of(frame, true))
    if (this.#corks === 0 && this.#socket.writableLength > 0) this.#watch()
  }

  cork(): void {
    if (!this.#isOpen) return
    this.#corks += 1
    this.#socket?.cork()
  }

  uncork(): void {
    if (this.#corks === 0) return
    this.#corks -= 1
    this.#socket?.uncork()
    if (this.#isOpen && this.#corks === 0 && (this.#socket?.writableLength ?? 0) > 0) this.#watch()
  }

  /** Ends the response behind everything written. */
  end(): void {
    for (; this.#corks > 0; this.#corks--) this.#socket?.uncork()
    this.#response.end()
  }

  /** Ends it at once. */
  destroy(): void {
    this.#response.destroy()
  }

  /** An empty write behind the backlog tells when all before it is with the operating system. */
  #watch(): void {
    if (this.#watching) return
    this.#watching = true
    this.#socket?.write(nothing, this.#written)
  }

  readonly #written = (error?: Error | null): void => {
    // A write that failed means that the response is closing: its `close` comes next.
    if (error != null || !this.#isOpen || !this.#watching) return
    if (this.#writableLength > 0) {
      // A response tells of each of its writes.
      if (this.#socket !== undefined) {
        this.#watching = false
        this.#watch()
      }
      return
    }
    this.#watching = false
    this.#owner.drained()
  }
}

/** The socket, where chunks may be written to it: nothing of the response waits before them. */
function socketOf(response: ServerResponse): Socket | undefined {
  if (!(response instanceof ServerResponse) || !response.chunkedEncoding) return undefined
  return response.socket ?? undefined
}
