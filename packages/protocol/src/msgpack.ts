import { maxJsonDepth } from './json-codec.ts'

export { msgpackSubprotocol } from './version.ts'

/**
 * The MessagePack codec (`parley.v1.msgpack`): the frames of `parley.v1.json`, value by value, as a sequence of MessagePack
 * objects in a binary message. What JSON cannot say (binary data, extensions, keys that are no text) is refused. It goes
 * from text to bytes and back without making objects of what it reads, so that no length that a message merely claims costs
 * anything, and no key means more than others.
 */

/** How much longer a message may be in MessagePack: a number as `0.1,` has nine bytes. */
export const mostGrowth = 2.25

const utf8 = new TextEncoder()
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A message with frames as JSON, separated by line feeds, in MessagePack.
 *
 * @throws SyntaxError when a line is not JSON
 */
export function packMessage(message: string): Uint8Array {
  const packer = new Packer(message.length)
  for (const line of message.split('\n')) if (line !== '') packer.value(JSON.parse(line))
  return packer.bytes()
}

/** The frames of a message in MessagePack as lines of JSON; undefined when it is malformed. */
export function unpackMessage(message: Uint8Array): string | undefined {
  const reader = new Unpacker(message)
  const lines: string[] = []
  try {
    while (!reader.isAtEnd) lines.push(reader.value(0))
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  }
  return lines.join('\n')
}

class Packer {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView<ArrayBuffer>
  #length = 0

  constructor(expected: number) {
    this.#bytes = new Uint8Array(expected + 64)
    this.#view = new DataView(this.#bytes.buffer)
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Takes what JSON.parse gives. */
  value(value: unknown): void {
    if (value === null) this.#head(0xc0)
    else if (typeof value === 'boolean') this.#head(value ? 0xc3 : 0xc2)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'string') this.#string(value)
    else if (Array.isArray(value)) {
      this.#sized(value.length, { fix: 0x90, fixMax: 15, of16: 0xdc, of32: 0xdd })
      for (const item of value) this.value(item)
    } else {
      const fields = Object.entries(value as object)
      this.#sized(fields.length, { fix: 0x80, fixMax: 15, of16: 0xde, of32: 0xdf })
      for (const [key, field] of fields) {
        this.#string(key)
        this.value(field)
      }
    }
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32) {
      this.#head(0xcb, 8)
      this.#view.setFloat64(this.#length - 8, value)
    } else if (value >= 0) this.#natural(value)
    else this.#negative(value)
  }

  #natural(value: number): void {
    if (value < 0x80) this.#head(value)
    else if (value < 0x1_00) {
      this.#head(0xcc, 1)
      this.#view.setUint8(this.#length - 1, value)
    } else if (value < 0x1_0000) {
      this.#head(0xcd, 2)
      this.#view.setUint16(this.#length - 2, value)
    } else {
      this.#head(0xce, 4)
      this.#view.setUint32(this.#length - 4, value)
    }
  }

  #negative(value: number): void {
    if (value >= -0x20) this.#head(value & 0xff)
    else if (value >= -0x80) {
      this.#head(0xd0, 1)
      this.#view.setInt8(this.#length - 1, value)
    } else if (value >= -0x8000) {
      this.#head(0xd1, 2)
      this.#view.setInt16(this.#length - 2, value)
    } else {
      this.#head(0xd2, 4)
      this.#view.setInt32(this.#length - 4, value)
    }
  }

  #string(value: string): void {
    // A unit of UTF-16 has three bytes at most.
    const most = value.length * 3
    if (most < 32) {
      this.#grow(1 + most)
      const { written } = utf8.encodeInto(value, this.#bytes.subarray(this.#length + 1))
      this.#bytes[this.#length] = 0xa0 | written
      this.#length += 1 + written
      return
    }
    const bytes = utf8.encode(value)
    this.#sized(bytes.length, { fix: 0xa0, fixMax: 31, of8: 0xd9, of16: 0xda, of32: 0xdb })
    this.#grow(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #sized(
    size: number,
    kinds: {
      readonly fix: number
      readonly fixMax: number
      readonly of8?: number
      readonly of16: number
      readonly of32: number
    },
  ): void {
    if (size <= kinds.fixMax) this.#head(kinds.fix | size)
    else if (kinds.of8 !== undefined && size < 0x1_00) {
      this.#head(kinds.of8, 1)
      this.#view.setUint8(this.#length - 1, size)
    } else if (size < 0x1_0000) {
      this.#head(kinds.of16, 2)
      this.#view.setUint16(this.#length - 2, size)
    } else {
      this.#head(kinds.of32, 4)
      this.#view.setUint32(this.#length - 4, size)
    }
  }

  /** Writes a byte, and leaves room for so many more. */
  #head(byte: number, more = 0): void {
    this.#grow(1 + more)
    this.#bytes[this.#length] = byte
    this.#length += 1 + more
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#length + more, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Throws a RangeError or TypeError for what is malformed: DataView and TextDecoder do so by themselves. */
class Unpacker {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** The next value as JSON. */
  value(depth: number): string {
    const head = this.#take(1)
    if (head < 0x80) return String(head)
    if (head < 0x90) return this.#map(head & 0x0f, depth)
    if (head < 0xa0) return this.#array(head & 0x0f, depth)
    if (head < 0xc0) return this.#string(head & 0x1f)
    if (head >= 0xe0) return String(head - 0x100)
    if (head >= 0xd9) return this.#container(head, depth)
    return this.#scalar(head)
  }

  #scalar(head: number): string {
    switch (head) {
      case 0xc0:
        return 'null'
      case 0xc2:
        return 'false'
      case 0xc3:
        return 'true'
      case 0xca:
        return number(this.#view.getFloat32(this.#skip(4)))
      case 0xcb:
        return number(this.#view.getFloat64(this.#skip(8)))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return String(this.#take(1 << (head - 0xcc)))
      case 0xcf:
        return number(Number(this.#view.getBigUint64(this.#skip(8))))
      case 0xd0:
        return String(this.#view.getInt8(this.#skip(1)))
      case 0xd1:
        return String(this.#view.getInt16(this.#skip(2)))
      case 0xd2:
        return String(this.#view.getInt32(this.#skip(4)))
      case 0xd3:
        return number(Number(this.#view.getBigInt64(this.#skip(8))))
      default:
        throw new RangeError('JSON has no such value.')
    }
  }

  #container(head: number, depth: number): string {
    if (head <= 0xdb) return this.#string(this.#take(1 << (head - 0xd9)))
    const size = this.#take(head === 0xdc || head === 0xde ? 2 : 4)
    return head <= 0xdd ? this.#array(size, depth) : this.#map(size, depth)
  }

  // Depth is bounded before the stack is; the frame is refused for it later, with its id.
  #array(size: number, depth: number): string {
    if (depth > maxJsonDepth) throw new RangeError('It is nested too deeply.')
    let json = '['
    for (let index = 0; index < size; index++) json += (index === 0 ? '' : ',') + this.value(depth + 1)
    return `${json}]`
  }

  #map(size: number, depth: number): string {
    if (depth > maxJsonDepth) throw new RangeError('It is nested too deeply.')
    let json = '{'
    for (let index = 0; index < size; index++) {
      const key = this.value(depth + 1)
      if (key[0] !== '"') throw new RangeError('A key is a text.')
      json += `${index === 0 ? '' : ','}${key}:${this.value(depth + 1)}`
    }
    return `${json}}`
  }

  #string(length: number): string {
    const start = this.#skip(length)
    return JSON.stringify(text.decode(this.#bytes.subarray(start, this.#at)))
  }

  #take(bytes: number): number {
    const at = this.#skip(bytes)
    if (bytes === 1) return this.#view.getUint8(at)
    return bytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }

  /** Moves on, and answers where it was. */
  #skip(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#bytes.length) throw new RangeError('The message ends too early.')
    this.#at = at + bytes
    return at
  }
}

/** JSON has no infinity, and nothing that is not a number. */
function number(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : 'null'
}
