import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { SocketWriter } from '../socket/socket-writer.ts'
import { FrameReader, type FrameSink } from '../websocket/frame-reader.ts'
import { closeFrame, pongFrame } from '../websocket/server-frame.ts'

/** Who is told what comes over a line. */
export interface LineListener {
  /** An Engine.IO packet as text, or the bytes of a binary message. */
  packet(line: WebSocketLine, packet: string | Uint8Array): void
  /** All that was written is with the operating system. */
  drained(line: WebSocketLine): void
  /** Called once. */
  closed(line: WebSocketLine): void
}

/** Holds back what is written in one tick, so that it leaves each socket at once. */
export class Corks {
  #held: WebSocketLine[] = []
  readonly #release = (): void => {
    const held = this.#held
    this.#held = []
    for (const line of held) line.released()
  }

  hold(line: WebSocketLine): void {
    if (this.#held.push(line) === 1) process.nextTick(this.#release)
  }
}

/** So much in one tick may have looked like a connection that takes nothing. */
const manyBytes = 16_384
/** How long the other side may take to close its end, in ms. */
const closeTimeoutMs = 3_000
const lineOf = Symbol('line')
type LinedSocket = Socket & { [lineOf]: WebSocketLine }

/** A server's end of a WebSocket that carries Engine.IO packets. All sockets share their listeners. */
export class WebSocketLine extends SocketWriter implements FrameSink {
  readonly #listener: LineListener
  readonly #reader: FrameReader
  readonly #corks: Corks
  #isOpen = true
  #isHeld = false
  /** Bytes that were written in this tick. */
  #heldBytes = 0

  constructor(
    socket: Socket,
    listener: LineListener,
    { maxBytes, corks }: { readonly maxBytes: number; readonly corks: Corks },
  ) {
    super(socket)
    this.#listener = listener
    this.#corks = corks
    this.#reader = new FrameReader(this, maxBytes)
  }

  /** The handshake is written: begins to read, `head` first. */
  start(head: Buffer): void {
    const { socket } = this
    ;(socket as LinedSocket)[lineOf] = this
    socket.on('close', socketClosed)
    socket.on('end', socketEnded)
    socket.on('data', socketRead)
    this.begin()
    if (head.length > 0) this.#reader.read(head)
  }

  /** The operating system takes what is written. */
  get isWritable(): boolean {
    return this.#isOpen && !this.isWaiting
  }

  get bufferedBytes(): number {
    return this.#isOpen ? this.waitingBytes : 0
  }

  override write(bytes: Uint8Array): void {
    if (!this.#isOpen) return
    if (!this.#isHeld) {
      this.#isHeld = true
      this.cork()
      this.#corks.hold(this)
    }
    this.#heldBytes += bytes.length
    super.write(bytes)
  }

  /** The tick is over. */
  released(): void {
    const had = this.#heldBytes
    this.#isHeld = false
    this.#heldBytes = 0
    this.uncork()
    // Whoever held back for what was written in this tick may go on.
    if (had >= manyBytes && this.#isOpen && this.waitingBytes === 0) this.#listener.drained(this)
  }

  /** Ends the connection in good order; what was written before still goes. */
  close(code = 1000): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    super.write(closeFrame(code, ''))
    this.#end()
    setTimeout(destroy, closeTimeoutMs, this.socket).unref()
  }

  message(text: string): void {
    if (this.#isOpen) this.#listener.packet(this, text)
  }

  binary(bytes: Uint8Array): void {
    if (this.#isOpen) this.#listener.packet(this, bytes)
  }

  ping(payload: Uint8Array): void {
    if (this.#isOpen && !this.isWaiting) super.write(pongFrame(payload))
  }

  pong(): void {
    // Engine.IO has a heartbeat of its own.
  }

  closing(): void {
    this.close()
  }

  violation(code: number): void {
    this.close(code)
  }

  received(chunk: Buffer): void {
    if (this.#isOpen) this.#reader.read(chunk)
  }

  ended(): void {
    this.#isOpen = false
    this.#end()
  }

  gone(): void {
    this.#isOpen = false
    this.#listener.closed(this)
  }

  /** Behind all that was written. */
  #end(): void {
    this.uncorkAll()
    this.socket.end()
  }

  protected override taken(): void {
    if (this.#isOpen) this.#listener.drained(this)
  }
}

function socketRead(this: Socket, chunk: Buffer): void {
  ;(this as LinedSocket)[lineOf].received(chunk)
}

function socketEnded(this: Socket): void {
  ;(this as LinedSocket)[lineOf].ended()
}

function socketClosed(this: Socket): void {
  ;(this as LinedSocket)[lineOf].gone()
}

function destroy(socket: Socket): void {
  socket.destroy()
}
