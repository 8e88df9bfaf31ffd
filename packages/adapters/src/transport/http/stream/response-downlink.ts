import type { ServerResponse } from 'node:http'
import type { OutgoingFrame } from '@parley/kernel'
import type { Encoding } from '../encoding.ts'
import type { Downlink } from '../link.ts'
import type { StreamOwner } from './stream-downlink.ts'
import { writableOf } from './writable-of.ts'

/** A stream that its response writes, as over HTTP/2. */
export class ResponseDownlink implements Downlink {
  readonly #response: ServerResponse
  readonly #encoding: Encoding
  readonly #owner: StreamOwner
  #isOpen = true
  /** Something was written, and it is not known yet that it was taken. */
  #isWaiting = false

  constructor(response: ServerResponse, encoding: Encoding, owner: StreamOwner) {
    this.#response = response
    this.#encoding = encoding
    this.#owner = owner
    response.on('close', () => {
      this.#isOpen = false
      owner.over()
    })
  }

  get bufferedBytes(): number {
    return this.#isOpen ? writableOf(this.#response).writableLength : 0
  }

  send(frame: OutgoingFrame): void {
    if (!this.#isOpen) return
    this.#isWaiting = true
    this.#response.write(this.#encoding.of(frame, false), this.#written)
  }

  cork(): void {
    // The response gathers what it can by itself, as HTTP/2 does.
  }

  uncork(): void {
    // See `cork`.
  }

  end(code: number, reason: string): void {
    this.send({ text: this.#owner.farewell(code, reason) })
    this.#response.end()
  }

  destroy(): void {
    this.#response.destroy()
  }

  readonly #written = (error?: Error | null): void => {
    // A write that failed means that the response is closing: its `close` comes next.
    if (error != null || !this.#isOpen || !this.#isWaiting || this.bufferedBytes > 0) return
    this.#isWaiting = false
    this.#owner.drained()
  }
}
