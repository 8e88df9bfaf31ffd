import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Connection, ConnectionHandler, OutgoingFrame } from '@parley/kernel'
import { closeCodes } from '@parley/protocol'
import { mostGrowth, unpackMessage } from '@parley/protocol/msgpack'
import { SocketWriter } from '../socket/socket-writer.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { Probes, probeSpacing } from './probes.ts'
import type { ReadTurns, SocketReader } from './read-turns.ts'
import {
  bytesOf,
  closeFrame,
  type Encoding,
  emptyCloseFrame,
  encodedBytesOf,
  pongFrame,
} from './server-frame.ts'

/** What all connections of a transport share. */
export interface ConnectionHome {
  readonly maxMessageBytes: number
  /** How long the other side may take to close its end, in ms. */
  readonly closeTimeoutMs: number
  readonly reads: ReadTurns
  /** The connection is gone. */
  gone(connection: WebSocketConnection): void
  /** A client broke the protocol and was closed with this code. */
  violated(code: number): void
  /** The handler threw: a defect of ours, for which the connection was closed. */
  failed(error: unknown): void
}

const opening = 0
const open = 1
const closing = 2
const gone = 3

const connectionOf = Symbol('connection')
type ConnectedSocket = Socket & { [connectionOf]: WebSocketConnection }

/** Passed to the handler for a connection that ended without a close frame (RFC 6455 §7.1.5). */
const abnormalClosure = 1006

/**
 * A server's end of a WebSocket. It writes ready-made frames to the socket itself, so that everything leaves in the
 * order of the calls, and has no listener, timer or closure of its own while it is idle: all sockets share four
 * listeners, which find their connection by a symbol.
 */
export class WebSocketConnection extends SocketWriter implements Connection, FrameSink, SocketReader {
  #state = opening
  #bytesToProbe: number = probeSpacing.least
  readonly #encoding: Encoding | undefined
  readonly home: ConnectionHome
  readonly #reader: FrameReader
  #handler: ConnectionHandler | undefined
  #code = abnormalClosure
  #reason = ''
  #closeTimer: NodeJS.Timeout | undefined
  /** The newest ping not answered yet; earlier ones need no answer (RFC 6455 §5.5.3). */
  #ping: Uint8Array | undefined
  #early: Uint8Array[] | undefined
  /** There where binary messages are spoken. */
  readonly binary?: (bytes: Uint8Array) => void
  #probes: Probes | undefined

  /** @param encoding what was agreed on, unless it is plain text */
  constructor(socket: Socket, home: ConnectionHome, encoding?: Encoding) {
    super(socket)
    this.home = home
    this.#encoding = encoding
    const isPacked = encoding?.isPacked === true
    if (isPacked) this.binary = (bytes) => this.#packed(bytes)
    const maxBytes = isPacked ? Math.ceil(home.maxMessageBytes * mostGrowth) : home.maxMessageBytes
    this.#reader = new FrameReader(this, maxBytes, encoding?.leastCompressedBytes !== undefined)
  }

  /**
   * Begins to read, `head` first, and sends what was sent meanwhile, behind the answer to the opening handshake where that is
   * not written yet.
   */
  start(handler: ConnectionHandler, head: Buffer, response?: string): void {
    const { socket } = this
    this.#handler = handler
    ;(socket as ConnectedSocket)[connectionOf] = this
    socket.on('close', socketClosed)
    socket.on('end', socketEnded)
    socket.on('data', socketRead)
    if (this.#state === opening) this.#state = open
    this.begin()
    if (response !== undefined) this.write(Buffer.from(response, 'latin1'))
    for (const bytes of this.#early ?? []) this.write(bytes)
    this.#early = undefined
    if (this.#state === closing) this.#end()
    else if (head.length > 0) this.received(head)
  }

  get transferredBytes(): number {
    return this.socket.bytesRead + this.socket.bytesWritten
  }

  get bufferedBytes(): number {
    return this.#state === open ? this.waitingBytes : 0
  }

  send(frame: OutgoingFrame): void {
    if (this.#state === open) {
      const bytes = this.#bytesOf(frame)
      this.write(bytes)
      this.#bytesToProbe -= bytes.length
      if (this.#bytesToProbe <= 0) this.#probe()
    } else if (this.#state === opening) this.#sendEarly(this.#bytesOf(frame))
  }

  override cork(): void {
    if (this.#state === open) super.cork()
  }

  pause(): void {
    if (this.#state !== open) return
    this.#reader.pause()
    this.socket.pause()
  }

  resume(): void {
    if (this.#state !== open) return
    this.#reader.resume()
    // What was held may have been enough for now.
    if (this.#state === open && !this.#reader.isPaused) this.socket.resume()
  }

  close(code: number, reason: string): void {
    if (this.#state <= open) this.#close(code, reason, closeFrame(code, reason))
  }

  message(text: string): void {
    if (this.#encoding?.isPacked === true)
      this.violation(1003, 'This subprotocol carries binary messages only.')
    else this.#receive(text)
  }

  #packed(bytes: Uint8Array): void {
    const text = unpackMessage(bytes)
    if (text === undefined) this.violation(1007, 'The message is not MessagePack that JSON could hold.')
    else if (Buffer.byteLength(text) > this.home.maxMessageBytes)
      this.violation(
        closeCodes.frame_too_large,
        `A message has at most ${this.home.maxMessageBytes} bytes as JSON.`,
      )
    else this.#receive(text)
  }

  #receive(text: string): void {
    if (this.#state !== open) return
    try {
      this.#handler?.receive(text)
    } catch (error) {
      this.#failed(error)
    }
  }

  ping(payload: Uint8Array): void {
    this.#ping = payload
  }

  pong(payload: Uint8Array): void {
    if (this.#state !== open || this.#probes?.answered(payload, performance.now()) !== true) return
    try {
      this.#handler?.heard?.()
    } catch (error) {
      this.#failed(error)
    }
  }

  closing(code: number, reason: string): void {
    if (this.#state !== open) return
    // What was asked before is answered before.
    if (!this.isWaiting) this.#answerPing()
    this.#close(code, reason, code === 1005 ? emptyCloseFrame() : closeFrame(code, reason))
  }

  violation(code: number, reason: string): void {
    if (this.#state !== open) return
    this.#close(code, reason, closeFrame(code, reason))
    this.home.violated(code)
  }

  /** Ends the connection without a word. */
  destroy(): void {
    this.socket.destroy()
  }

  /** The socket gave bytes. */
  received(chunk: Buffer): void {
    // After a close nothing of the other side matters; it is read only to let it finish.
    if (this.#state !== open) return
    this.#reader.read(chunk)
    if (this.#ping !== undefined && !this.isWaiting) this.#answerPing()
  }

  /** The other side will send no more: without a close frame, if we are not closing already. */
  ended(): void {
    if (this.#state === open) this.#state = closing
    this.#end()
  }

  /** The socket is closed. */
  gone(): void {
    if (this.#state === gone) return
    this.#state = gone
    clearTimeout(this.#closeTimer)
    this.home.gone(this)
    try {
      this.#handler?.closed(this.#code, this.#reason)
    } catch (error) {
      this.home.failed(error)
    }
  }

  #bytesOf(frame: OutgoingFrame): Uint8Array {
    return this.#encoding === undefined ? bytesOf(frame) : encodedBytesOf(frame, this.#encoding)
  }

  #probe(): void {
    this.#probes ??= new Probes()
    this.write(this.#probes.next(performance.now()))
    this.#bytesToProbe = this.#probes.spacing
  }

  #answerPing(): void {
    if (this.#ping === undefined || this.#state !== open) return
    this.write(pongFrame(this.#ping))
    this.#ping = undefined
  }

  #sendEarly(bytes: Uint8Array): void {
    this.#early ??= []
    this.#early.push(bytes)
  }

  protected override taken(): void {
    if (this.#state !== open) return
    this.#answerPing()
    try {
      this.#handler?.drained()
    } catch (error) {
      this.#failed(error)
    }
  }

  #close(code: number, reason: string, frame: Uint8Array): void {
    const early = this.#state === opening
    this.#state = closing
    this.#code = code
    this.#reason = reason
    if (early) this.#sendEarly(frame)
    else {
      this.write(frame)
      this.#end()
    }
  }

  /** Ends our side. The other one has `closeTimeoutMs`, also to take what is buffered for it. */
  #end(): void {
    const { socket } = this
    this.uncorkAll()
    // Its end must be seen.
    if (socket.isPaused()) socket.resume()
    this.#ping = undefined
    this.#closeTimer ??= setTimeout(destroy, this.home.closeTimeoutMs, socket).unref()
    socket.end()
  }

  #failed(error: unknown): void {
    this.home.failed(error)
    this.close(closeCodes.internal, 'The server failed.')
  }
}

function socketRead(this: Socket, chunk: Buffer): void {
  const connection = (this as ConnectedSocket)[connectionOf]
  connection.home.reads.received(connection, chunk)
}

function socketEnded(this: Socket): void {
  const connection = (this as ConnectedSocket)[connectionOf]
  connection.home.reads.ended(connection)
}

function socketClosed(this: Socket): void {
  const connection = (this as ConnectedSocket)[connectionOf]
  connection.home.reads.gone(connection)
}

function destroy(socket: Socket): void {
  socket.destroy()
}
