import { Buffer } from 'node:buffer'

export interface FrameParts {
  /** First byte: final bit, reserved bits, opcode. */
  readonly first: number
  readonly payload?: Uint8Array | string
  /** Default: some mask; `null`: none. */
  readonly mask?: readonly [number, number, number, number] | null
  /** Bytes of the length: default the fewest. */
  readonly lengthBytes?: 1 | 2 | 8
}

/** The bytes of a frame as clients send them, or as they should not. */
export function clientFrame(parts: FrameParts): Buffer {
  const payload = Buffer.from(parts.payload ?? '')
  const mask = parts.mask === undefined ? ([0x37, 0xfa, 0x21, 0x3d] as const) : parts.mask
  const { length } = payload
  const lengthBytes = parts.lengthBytes ?? (length < 126 ? 1 : length < 65_536 ? 2 : 8)
  const header = Buffer.alloc(1 + (lengthBytes === 1 ? 1 : 1 + lengthBytes))
  header[0] = parts.first
  header[1] = (mask === null ? 0 : 0x80) | (lengthBytes === 1 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) header.writeUInt16BE(length, 2)
  if (lengthBytes === 8) header.writeBigUInt64BE(BigInt(length), 2)
  if (mask === null) return Buffer.concat([header, payload])
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] as number))
  return Buffer.concat([header, Buffer.from(mask), masked])
}

export interface ServerFrame {
  readonly first: number
  readonly payload: Buffer
}

/** The whole frames of a server that stand in these bytes. */
export function serverFrames(bytes: Buffer): readonly ServerFrame[] {
  const frames: ServerFrame[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const short = bytes[at + 1] as number
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    if (start > bytes.length) break
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (start + length > bytes.length) break
    frames.push({ first: bytes[at] as number, payload: bytes.subarray(start, start + length) })
    at = start + length
  }
  return frames
}
