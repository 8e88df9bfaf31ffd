import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { clientFrame } from './client-frame.ts'
import type { Tally } from './tally.ts'

/** Bytes of a frame that tell what it is and how many events it holds. */
const tellingBytes = 200

/** One buffer for all reads: a read is worked off before the next one begins. */
const inbox = Buffer.allocUnsafe(262_144)

export interface Handshake {
  readonly path: string
  readonly protocol?: string
}

/** A message that has begun to arrive; valid only while `Count` runs. */
export interface Message {
  bytes: Buffer
  start: number
  /** Bytes of the whole message. */
  length: number
  /** Where what has arrived ends; beyond the message when more follows. */
  end: number
}

/**
 * Tells what a message is from its first bytes and counts it. Answers false when it must see the whole and some of it
 * has not arrived; then it is asked again.
 */
export type Count = (connection: Connection, message: Message) => boolean

/** Where a connection stands in one channel. Channels of one connection are told apart by the length of their names. */
export interface Standing {
  readonly nameLength: number
  offset: number
}

/**
 * A WebSocket client that does as little as it can. It begins *talking*: every message is kept until `next` takes it.
 * After `startCounting` it looks only at the first bytes of a frame and hops over the rest.
 */
export class Connection {
  readonly tally: Tally
  readonly standings: Standing[] = []
  /** Look at the whole of every frame and note how old its payloads are. */
  sampled = false
  /** Gets every frame whole, in place of counting. */
  inspect: ((bytes: Buffer) => void) | undefined
  readonly #count: Count
  readonly #socket: Socket
  readonly #opcode: number
  #open = false
  #counting = false
  #carry: Buffer | undefined
  #skip = 0
  readonly #queue: Buffer[] = []
  #waiting: { resolve: (text: string) => void; reject: (error: Error) => void } | undefined
  #ended: string | undefined

  constructor(options: { port: number; handshake: Handshake; count: Count; tally: Tally; binary?: boolean }) {
    const { port, handshake } = options
    this.tally = options.tally
    this.#count = options.count
    this.#opcode = options.binary === true ? 2 : 1
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: inbox, callback: (size, bytes) => this.#read(bytes as Buffer, size) },
    })
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', () => this.#end('the connection was closed'))
    const protocol =
      handshake.protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${handshake.protocol}\r\n`
    this.#socket.write(
      `GET ${handshake.path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n${protocol}\r\n`,
    )
  }

  /** The next message while talking. The first is the status line of the upgrade. */
  next(): Promise<string> {
    const queued = this.#queue.shift()
    if (queued !== undefined) return Promise.resolve(queued.toString())
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended))
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  startCounting(): void {
    this.#counting = true
    for (const bytes of this.#queue.splice(0))
      this.#take({ bytes, start: 0, length: bytes.length, end: bytes.length })
  }

  send(text: string): void {
    this.#socket.write(clientFrame(text, this.#opcode))
  }

  /** What is sent from here on leaves together, at `release`. */
  hold(): void {
    this.#socket.cork()
  }

  release(): void {
    this.#socket.uncork()
  }

  /** Reads nothing any more. */
  stall(): void {
    this.#socket.pause()
  }

  /** Ends without a farewell, so that the port is free again at once. */
  destroy(): void {
    this.#ended ??= 'the loader closed the connection'
    this.#socket.resetAndDestroy()
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    if (this.#counting) this.tally.problem ??= reason
    this.#waiting?.reject(new Error(reason))
  }

  #read(bytes: Buffer, size: number): boolean {
    if (this.#skip >= size) {
      this.#skip -= size
    } else if (this.#carry === undefined) {
      const from = this.#skip
      this.#skip = 0
      this.#parse(bytes, from, size)
    } else {
      const joined = Buffer.concat([this.#carry, bytes.subarray(0, size)])
      this.#carry = undefined
      this.#parse(joined, 0, joined.length)
    }
    this.tally.pump?.()
    return true
  }

  #parse(bytes: Buffer, from: number, end: number): void {
    let at = this.#open ? from : this.#upgrade(bytes, from, end)
    while (at >= 0 && at < end) {
      const next = this.#frameAt(bytes, at, end)
      if (next < 0) {
        this.#keep(bytes, at, end)
        return
      }
      at = next
    }
    this.#skip = Math.max(0, at - end)
  }

  /** Answers where the next frame begins, or -1 when too little of this one is there. */
  #frameAt(bytes: Buffer, at: number, end: number): number {
    const head = end - at < 2 ? 0 : headLength(bytes[at + 1] as number)
    if (head === 0 || end - at < head) return -1
    const length = frameLength(bytes, at, head)
    const isWhole = this.sampled || this.inspect !== undefined || !this.#counting
    if (end - at < head + (isWhole ? length : Math.min(length, tellingBytes))) return -1
    const isTaken = this.#frame({ bytes, start: at + head, length, end }, (bytes[at] as number) & 0x0f)
    return isTaken ? at + head + length : -1
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    this.#carry = Buffer.from(bytes.subarray(at, end))
  }

  /** Answers where the first frame begins, or -1 when the response is not complete. */
  #upgrade(bytes: Buffer, from: number, end: number): number {
    const head = bytes.subarray(from, end)
    const border = head.indexOf('\r\n\r\n')
    if (border < 0) {
      this.#keep(bytes, from, end)
      return -1
    }
    const status = head.subarray(0, head.indexOf('\r\n'))
    this.#open = true
    if (!status.includes('101')) {
      this.#end(`the upgrade was refused: ${head.toString('latin1', 0, 600)}`)
      this.#socket.destroy()
      return -1
    }
    this.#hear(status)
    return from + border + 4
  }

  /** Answers false when more of the frame must be there first. */
  #frame(message: Message, opcode: number): boolean {
    const { bytes, start, length } = message
    if (opcode === 1 || opcode === 2) return this.#take(message)
    if (opcode === 9) this.#socket.write(clientFrame(bytes.toString('latin1', start, start + length), 10))
    else if (opcode === 8) {
      const code = length >= 2 ? bytes.readUInt16BE(start) : 1005
      this.#end(`closed with ${code} ${bytes.toString('utf8', start + 2, start + length)}`)
    }
    return true
  }

  #take(message: Message): boolean {
    const { bytes, start, length } = message
    if (this.#counting && this.inspect === undefined) {
      if (!this.#count(this, message)) return false
      if (this.sampled) this.tally.note(bytes.subarray(start, start + length), this.tally.latencies)
      return true
    }
    const whole = bytes.subarray(start, start + length)
    if (this.#counting) this.inspect?.(whole)
    else this.#hear(whole)
    return true
  }

  #hear(bytes: Buffer): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#queue.push(Buffer.from(bytes))
    else waiting.resolve(bytes.toString())
  }
}

function headLength(second: number): number {
  const length = second & 0x7f
  return length < 126 ? 2 : length === 126 ? 4 : 10
}

function frameLength(bytes: Buffer, at: number, head: number): number {
  if (head === 2) return (bytes[at + 1] as number) & 0x7f
  return head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}
