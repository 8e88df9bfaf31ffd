import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { ClientTransport, Link, LinkHandlers } from '@parley/client'
import { jsonSubprotocol } from '@parley/protocol'

const [text, close, ping] = [1, 8, 9]

/**
 * A WebSocket as cheap as one can be, for clients by the thousand: it knows what the server of this repository sends, and
 * nothing else.
 */
export class LeanWebSocket implements ClientTransport {
  readonly name = 'websocket'
  readonly #links = new Set<LeanLink>()

  open(url: string, handlers: LinkHandlers): Link {
    const link = new LeanLink(new URL(url), handlers, () => this.#links.delete(link))
    this.#links.add(link)
    return link
  }

  /** Ends all links with a reset, as if the network had gone. */
  reset(): void {
    for (const link of [...this.#links]) link.reset()
  }
}

class LeanLink implements Link {
  readonly bufferedBytes = 0
  readonly #socket: Socket
  readonly #handlers: LinkHandlers
  readonly #over: () => void
  #rest: Buffer = Buffer.alloc(0)
  #isOpen = false
  #isOver = false

  constructor({ port, host, pathname }: URL, handlers: LinkHandlers, over: () => void) {
    this.#handlers = handlers
    this.#over = over
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('close', () => this.#end(1006, ''))
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
    socket.write(
      `GET ${pathname === '/' ? '/ws' : pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ${jsonSubprotocol}\r\n\r\n`,
    )
  }

  send(message: string): void {
    if (this.#isOpen && !this.#isOver) this.#socket.write(clientFrame(text, Buffer.from(message)))
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#leave()
    if (!this.#isOpen) this.#socket.destroy()
    else {
      const farewell = Buffer.alloc(2 + Buffer.byteLength(reason))
      farewell.writeUInt16BE(code)
      farewell.write(reason, 2)
      this.#socket.end(clientFrame(close, farewell))
    }
  }

  reset(): void {
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy()
  }

  #leave(): void {
    this.#isOver = true
    this.#over()
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#leave()
    this.#socket.destroy()
    this.#handlers.closed(code, reason)
  }

  #take(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    if (!this.#isOpen) this.#shakeHands()
    while (this.#isOpen && !this.#isOver && this.#takeFrame());
  }

  #shakeHands(): void {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!this.#rest.toString('latin1', 0, 12).endsWith(' 101'))
      return this.#end(1006, this.#rest.toString('latin1', 0, end))
    this.#rest = this.#rest.subarray(end + 4)
    this.#isOpen = true
    this.#handlers.opened()
  }

  /** Answers false when the next frame is not whole yet. */
  #takeFrame(): boolean {
    const bytes = this.#rest
    if (bytes.length < 2) return false
    const short = (bytes[1] as number) & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < head) return false
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    if (bytes.length < head + length) return false
    const payload = bytes.subarray(head, head + length)
    this.#rest = bytes.subarray(head + length)
    const opcode = (bytes[0] as number) & 15
    if (opcode === text) this.#handlers.received(payload.toString())
    else if (opcode === ping) this.#socket.write(clientFrame(10, payload))
    else if (opcode === close)
      this.#end(length < 2 ? 1005 : payload.readUInt16BE(0), payload.toString('utf8', 2))
    return true
  }
}

/** Masked with zeros: nobody between here and the server is to be protected. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.alloc(head + 4 + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (head === 2 ? length : head === 4 ? 126 : 127)
  if (head === 4) frame.writeUInt16BE(length, 2)
  else if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2)
  payload.copy(frame, head + 4)
  return frame
}
