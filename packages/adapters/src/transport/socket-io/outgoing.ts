import { Buffer } from 'node:buffer'
import { binaryFrame, textFrame } from '../websocket/server-frame.ts'

/** A message of Engine.IO: text, or bytes that belong to the text before. */
export type Message = string | Uint8Array

/** Separates the packets of a payload (Engine.IO protocol 4). */
export const separator = '\x1e'

/** Messages on their way to one client or many: made once for each way in which they travel. */
export class Outgoing {
  readonly messages: readonly Message[]
  #frames: Uint8Array | undefined
  #packets: string | undefined

  constructor(messages: readonly Message[]) {
    this.messages = messages
  }

  /** As WebSocket frames, one a message. */
  get frames(): Uint8Array {
    this.#frames ??= framesOf(this.messages)
    return this.#frames
  }

  /** As packets of a payload, for polling. */
  get packets(): string {
    this.#packets ??= this.messages.map(packetOf).join(separator)
    return this.#packets
  }
}

function framesOf(messages: readonly Message[]): Uint8Array {
  const frames = messages.map((message) =>
    typeof message === 'string' ? textFrame(`4${message}`) : binaryFrame(message),
  )
  return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames)
}

function packetOf(message: Message): string {
  return typeof message === 'string' ? `4${message}` : `b${Buffer.from(message).toString('base64')}`
}

/** The WebSocket frame of a packet that was meant for a payload. */
export function frameOf(packet: string): Uint8Array {
  return packet.startsWith('b') ? binaryFrame(Buffer.from(packet.slice(1), 'base64')) : textFrame(packet)
}
