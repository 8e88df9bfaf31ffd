import {
  ChunkAssembly,
  type ChunkFrame,
  decodeServerMessage,
  encodeFrame,
  maxFramesPerMessage,
  type ServerFrame,
  splitFrame,
} from '@parley/protocol'
import type { Link } from '../transport.ts'

/** Longest frame put together from chunks of the server, in characters. */
const maxAssembledLength = 16 * 1024 * 1024
/** What every server accepts before it has told its own limit. */
const defaultMaxFrameBytes = 65_536

/**
 * Frames on one link: those of one turn leave in one message, large ones in chunks; what arrives is taken apart and
 * put together again.
 */
export class Wire {
  readonly #link: Link
  readonly #assembly = new ChunkAssembly(maxAssembledLength)
  #pending: string[] = []
  maxFrameBytes = defaultMaxFrameBytes

  constructor(link: Link) {
    this.#link = link
  }

  /** Sends the text of one frame, at the end of this turn. */
  send(text: string): void {
    this.#pending.push(text)
    if (this.#pending.length === 1) queueMicrotask(() => this.flush())
  }

  flush(): void {
    const pending = this.#pending
    this.#pending = []
    let message = ''
    let bytes = 0
    let frames = 0
    const ship = (): void => {
      if (message !== '') this.#link.send(message)
      message = ''
      bytes = frames = 0
    }
    for (const text of pending) {
      const size = byteLength(text)
      if (frames === maxFramesPerMessage || bytes + size + 1 > this.maxFrameBytes) ship()
      if (size > this.maxFrameBytes) {
        for (const chunk of splitFrame(text, this.maxFrameBytes)) this.#link.send(encodeFrame(chunk))
        continue
      }
      message = message === '' ? text : `${message}\n${text}`
      bytes += size + 1
      frames += 1
    }
    ship()
  }

  /**
   * Takes a message apart.
   *
   * @throws when it is not of this protocol
   */
  receive(text: string, take: (frame: ServerFrame) => void): void {
    for (const frame of decodeServerMessage(text)) {
      if (frame.op === 'chunk') this.#assemble(frame, take)
      else take(frame)
    }
  }

  close(code: number, reason: string): void {
    this.flush()
    this.#link.close(code, reason)
  }

  #assemble(chunk: ChunkFrame, take: (frame: ServerFrame) => void): void {
    const assembly = this.#assembly.add(chunk)
    if (assembly.status === 'refused') throw new RangeError(assembly.problem)
    if (assembly.status === 'more') return
    for (const frame of decodeServerMessage(assembly.text)) if (frame.op !== 'chunk') take(frame)
  }
}

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    // A surrogate pair is 4 bytes for 2 units; every other unit above 0x7ff is 3 bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}
