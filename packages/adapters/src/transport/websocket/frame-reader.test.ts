import { Buffer } from 'node:buffer'
import type { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as ws from 'ws'
import { deflate } from './deflate.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'

const maxBytes = 300

/** Exported by `ws`, but not typed. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: object) => Writable }

/** What a reader told, in order. */
function record(): { readonly told: string[]; readonly sink: FrameSink } {
  const told: string[] = []
  const sink: FrameSink = {
    message: (text) => told.push(`message ${text}`),
    ping: (payload) => told.push(`ping ${Buffer.from(payload).toString('hex')}`),
    pong: () => undefined,
    closing: (code, reason) => told.push(`close ${code} ${reason}`),
    violation: (code, reason) => told.push(`violation ${code}${reason.includes('fewest') ? ' length' : ''}`),
  }
  return { told, sink }
}

interface ClientFrame {
  readonly first: number
  readonly payload: Buffer
  readonly isMasked?: boolean
}

/** The bytes of a frame as clients send them, with the shortest length that fits. */
function clientFrame(
  { first, payload, isMasked = true }: ClientFrame,
  mask = Buffer.from([1, 0xf2, 3, 0x84]),
): Buffer {
  const { length } = payload
  const short = length < 126 ? length : length < 65_536 ? 126 : 127
  const header = Buffer.alloc(short < 126 ? 2 : short === 126 ? 4 : 10)
  header[0] = first
  header[1] = short | (isMasked ? 0x80 : 0)
  if (short === 126) header.writeUInt16BE(length, 2)
  if (short === 127) header.writeBigUInt64BE(BigInt(length), 2)
  if (!isMasked) return Buffer.concat([header, payload])
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ (mask[index % 4] as number))])
}

const text = (words: string, first = 0x81) => clientFrame({ first, payload: Buffer.from(words) })

function readAll(pieces: readonly Buffer[], limit = maxBytes, takesCompressed = false): string[] {
  const { told, sink } = record()
  const reader = new FrameReader(sink, limit, takesCompressed)
  for (const piece of pieces) reader.read(Buffer.from(piece))
  return told
}

/** Cuts bytes at the places given. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
}

describe('well-formed frames', () => {
  test('several messages in one chunk, one message in many chunks', () => {
    const bytes = Buffer.concat([text('one'), text('zwei — drei'), text('')])
    expect(readAll([bytes])).toEqual(['message one', 'message zwei — drei', 'message '])
    expect(readAll([...bytes].map((byte) => Buffer.from([byte])))).toEqual(readAll([bytes]))
  })

  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])('a message of %i bytes', (length) => {
    const words = 'x'.repeat(length)
    expect(readAll([text(words)], 100_000)).toEqual([`message ${words}`])
    expect(readAll(cut(text(words), [1, 3, 9, 5_000]), 100_000)).toEqual([`message ${words}`])
  })

  test('fragments are one message, and a ping between them is told at once', () => {
    const pieces = [
      text('a', 0x01),
      clientFrame({ first: 0x89, payload: Buffer.from('?') }),
      text('', 0x00),
      text('b', 0x80),
    ]
    expect(readAll(pieces)).toEqual(['ping 3f', 'message ab'])
  })

  test('a character may be split between two fragments, and U+FFFD itself is valid', () => {
    const bytes = Buffer.from('😀\ufffd')
    const pieces = [
      clientFrame({ first: 0x01, payload: bytes.subarray(0, 2) }),
      clientFrame({ first: 0x80, payload: bytes.subarray(2) }),
    ]
    expect(readAll(pieces)).toEqual(['message 😀\ufffd'])
  })

  test('nothing is read after a close frame', () => {
    const close = clientFrame({ first: 0x88, payload: Buffer.from([0x03, 0xe8, 0x6f, 0x6b]) })
    expect(readAll([Buffer.concat([close, text('late')]), text('later')])).toEqual(['close 1000 ok'])
    expect(readAll([clientFrame({ first: 0x88, payload: Buffer.alloc(0) })])).toEqual(['close 1005 '])
  })
})

describe('what breaks the protocol', () => {
  const payload = (hex: string) => Buffer.from(hex, 'hex')
  test.each<[string, Buffer, number | string]>([
    ['an unmasked frame', clientFrame({ first: 0x81, payload: payload('61'), isMasked: false }), 1002],
    ['reserved bit 1', text('a', 0xc1), 1002],
    ['reserved bit 2', text('a', 0xa1), 1002],
    ['reserved bit 3', text('a', 0x91), 1002],
    ['opcode 3', text('a', 0x83), 1002],
    ['opcode 11', text('a', 0x8b), 1002],
    ['opcode 15', text('a', 0x8f), 1002],
    ['a continuation of nothing', text('a', 0x80), 1002],
    ['a message inside a fragmented one', Buffer.concat([text('a', 0x01), text('b', 0x81)]), 1002],
    ['a fragmented ping', text('a', 0x09), 1002],
    ['a ping of 126 bytes', text('x'.repeat(126), 0x89), 1002],
    ['a close frame of one byte', clientFrame({ first: 0x88, payload: payload('03') }), 1002],
    ['close code 999', clientFrame({ first: 0x88, payload: payload('03e7') }), 1002],
    ['close code 1005', clientFrame({ first: 0x88, payload: payload('03ed') }), 1002],
    ['close code 1006', clientFrame({ first: 0x88, payload: payload('03ee') }), 1002],
    ['close code 1015', clientFrame({ first: 0x88, payload: payload('03f7') }), 1002],
    ['close code 2999', clientFrame({ first: 0x88, payload: payload('0bb7') }), 1002],
    ['close code 5000', clientFrame({ first: 0x88, payload: payload('1388') }), 1002],
    ['a close reason in wrong UTF-8', clientFrame({ first: 0x88, payload: payload('03e8ff') }), 1007],
    ['a binary message', clientFrame({ first: 0x82, payload: payload('00') }), 1003],
    ['wrong UTF-8', clientFrame({ first: 0x81, payload: payload('61c328') }), 1007],
    ['an overlong encoding', clientFrame({ first: 0x81, payload: payload('c0af') }), 1007],
    ['half a surrogate pair', clientFrame({ first: 0x81, payload: payload('eda080') }), 1007],
    ['an unfinished character', clientFrame({ first: 0x81, payload: payload('e282') }), 1007],
    ['one byte too many', text('x'.repeat(maxBytes + 1)), 4004],
    ['a length of 2⁶³', payload(`81ff${'80'.padEnd(16, '0')}00000000`), '1002 length'],
    [
      'fragments too large together',
      Buffer.concat([text('x'.repeat(200), 0x01), text('x'.repeat(101), 0x80)]),
      4004,
    ],
    [
      'fragments without end',
      Buffer.concat(Array.from({ length: 1_026 }, (_, index) => text('', index === 0 ? 1 : 0))),
      1008,
    ],
  ])('%s', (_what, bytes, code) => {
    expect(readAll([bytes, text('late')])).toEqual([`violation ${code}`])
    expect(readAll([...bytes].map((byte) => Buffer.from([byte])))).toEqual([`violation ${code}`])
  })

  test('a frame too large is refused by its header, before its bytes come', () => {
    expect(readAll([text('x'.repeat(maxBytes + 1)).subarray(0, 4)])).toEqual(['violation 4004'])
  })

  test('so is half a close code', () => {
    expect(readAll([Buffer.from([0x88, 0x81])])).toEqual(['violation 1002'])
  })
})

describe('against the receiver of ws', () => {
  /** What `ws` makes of the same bytes, in our words. */
  function readByWs(pieces: readonly Buffer[]): Promise<string[]> {
    const told: string[] = []
    const receiver = new Receiver({ isServer: true, maxPayload: maxBytes, maxFragments: 0 })
    return new Promise((resolve) => {
      receiver.on('message', (data: Buffer, isBinary: boolean) =>
        told.push(`${isBinary ? 'binary' : 'message'} ${data}`),
      )
      receiver.on('ping', (data: Buffer) => told.push(`ping ${data.toString('hex')}`))
      receiver.on('conclude', (code: number, reason: Buffer) => told.push(`close ${code} ${reason}`))
      receiver.on('error', (error: Error & { code: string }) => {
        const code = error.code.endsWith('UTF8')
          ? 1007
          : error.code.includes('LENGTH') && !error.code.includes('CONTROL')
            ? 4004
            : 1002
        told.push(`violation ${code}`)
        resolve(told)
      })
      for (const piece of pieces) receiver.write(Buffer.from(piece))
      receiver.end(() => resolve(told))
    })
  }

  /**
   * Both tell the same up to the end of the connection; ours ends it at the begin of a binary message as well, and at a
   * length that is not written in the fewest bytes.
   */
  async function expectSame(ours: readonly string[], bytes: Buffer): Promise<void> {
    const theirs = await readByWs([bytes])
    if (ours.at(-1) === 'violation 1003' || ours.at(-1) === 'violation 1002 length') {
      expect(theirs.slice(0, ours.length - 1)).toEqual(ours.slice(0, -1))
      return
    }
    const end = theirs.findIndex((line) => line.startsWith('violation') || line.startsWith('close'))
    expect(ours).toEqual(end < 0 ? theirs : theirs.slice(0, end + 1))
  }

  const first = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0x81, 0x01, 0x00, 0x80, 0x89, 0x8a) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
  )
  const payload = fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }).map((words) => Buffer.from(words)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 160 }).map((bytes) => Buffer.from(bytes)) },
  )
  const frame = fc.record({
    first,
    payload,
    isMasked: fc.integer({ min: 0, max: 40 }).map((roll) => roll > 0),
  })

  test('the same frames, cut at other places, are read as ws reads them', async () => {
    const places = fc.array(fc.nat(4_000), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 8 }), places, async (frames, where) => {
        const bytes = Buffer.concat(frames.map((one) => clientFrame(one)))
        await expectSame(readAll(cut(bytes, where)), bytes)
      }),
      { numRuns: 1_500 },
    )
  })

  test('garbage never throws, and ends the same way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (garbage) => {
        const bytes = Buffer.from(garbage)
        await expectSame(readAll([bytes]), bytes)
      }),
      { numRuns: 1_500 },
    )
  })
})

describe('whatever way messages are cut', () => {
  const message = fc.record({
    words: fc.string({ unit: 'binary', maxLength: 60 }).map((words) => words.toWellFormed()),
    isCompressed: fc.boolean(),
    fragments: fc.array(fc.nat(80), { maxLength: 5 }),
    ping: fc.boolean(),
  })

  test('they are the same', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.nat(2_000), { maxLength: 20 }),
        (messages, places) => {
          const bytes = messages.map(({ words, isCompressed, fragments, ping }) => {
            const payload = isCompressed ? deflate(Buffer.from(words)) : Buffer.from(words)
            const pieces = cut(payload, fragments)
            const beginning = isCompressed ? 0x41 : 0x01
            const frames = pieces.map((piece, index) => {
              const opening = index > 0 ? 0 : beginning
              return clientFrame({
                first: opening | (index === pieces.length - 1 ? 0x80 : 0),
                payload: piece,
              })
            })
            return Buffer.concat(ping ? frames.flatMap((frame) => [frame, pinged]) : frames)
          })
          const told = readAll(cut(Buffer.concat(bytes), places), maxBytes, true)
          expect(told.filter((line) => line !== 'ping 3f')).toEqual(
            messages.map(({ words }) => `message ${words}`),
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  const pinged = clientFrame({ first: 0x89, payload: Buffer.from('?') })
})
