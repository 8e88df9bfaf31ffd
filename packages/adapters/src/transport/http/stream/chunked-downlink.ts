import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { OutgoingFrame } from '@parley/kernel'
import { SocketWriter } from '../../socket/socket-writer.ts'
import type { Encoding } from '../encoding.ts'
import type { Downlink } from '../link.ts'
import type { StreamOwner } from './stream-downlink.ts'

/** A stream over HTTP/1.1: ready-made chunks are written to the socket itself, so that the same bytes go to every client. */
export class ChunkedDownlink extends SocketWriter implements Downlink {
  readonly #encoding: Encoding
  #isOpen = true
  readonly #response: ServerResponse
  readonly #owner: StreamOwner

  /** Nothing of the response waits before what is written to its socket. */
  constructor(
    socket: Socket,
    response: ServerResponse,
    { encoding, owner }: { readonly encoding: Encoding; readonly owner: StreamOwner },
  ) {
    super(socket)
    this.#response = response
    this.#encoding = encoding
    this.#owner = owner
    this.begin()
    response.on('close', () => {
      this.#isOpen = false
      owner.over()
    })
  }

  get bufferedBytes(): number {
    return this.#isOpen ? this.waitingBytes : 0
  }

  send(frame: OutgoingFrame): void {
    if (this.#isOpen) this.write(this.#encoding.of(frame, true))
  }

  override cork(): void {
    if (this.#isOpen) super.cork()
  }

  end(code: number, reason: string): void {
    this.send({ text: this.#owner.farewell(code, reason) })
    this.uncorkAll()
    this.#response.end()
  }

  destroy(): void {
    this.#response.destroy()
  }

  protected override taken(): void {
    if (this.#isOpen) this.#owner.drained()
  }
}
