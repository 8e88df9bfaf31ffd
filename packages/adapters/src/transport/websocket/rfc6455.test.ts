import { Buffer } from 'node:buffer'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { websocketTransport } from '../websocket.ts'
import { deflate, inflate } from './deflate.ts'
import { type EchoServer, echoServer, rawClient } from './testing/echo-server.ts'
import { clientFrame, type FrameParts, type ServerFrame } from './testing/frames.ts'

const maxFrameBytes = 70_000

let server: EchoServer
beforeAll(async () => {
  server = await echoServer((http) =>
    websocketTransport({
      ...{ server: http, limits: { maxFrameBytes }, closeTimeoutMs: 2_000 },
      ...{ logger: silentLogger, metrics: memoryMetrics(), compression: { isOn: () => true } },
    }),
  )
})
afterAll(() => server.close())

const text = (payload: Uint8Array | string, first = 0x81) => clientFrame({ first, payload })
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const closing = (code: number, reason: Uint8Array | string = '') => {
  const bytes = Buffer.from([code >> 8, code & 0xff])
  return clientFrame({ first: 0x88, payload: Buffer.concat([bytes, Buffer.from(reason)]) })
}

/** A frame of the server in words. */
function told({ first, payload }: ServerFrame): string {
  if (first === 0x81) return `text ${payload.length > 200 ? payload.length : payload}`
  if (first === 0x8a) return `pong ${payload.toString('hex')}`
  if (first === 0x88) return payload.length === 0 ? 'close' : `close ${payload.readUInt16BE(0)}`
  return `frame ${first.toString(16)} ${payload.toString('hex')}`
}

/** Sends pieces one by one, then a close frame, and answers all that the server said. */
async function said(pieces: readonly Buffer[], extensions?: string): Promise<readonly string[]> {
  const client = await rawClient(server.port, extensions)
  for (const piece of [...pieces, closing(1000)])
    await new Promise<void>((resolve) => client.socket.write(piece, () => setImmediate(resolve)))
  const frames = await client.toEnd()
  // Pings of the server tell how far a client reads.
  return frames.filter(({ first }) => first !== 0x89).map(told)
}

type Case = readonly [name: string, pieces: readonly Buffer[], expected: readonly string[]]
const good = 'close 1000'
const bad = ['close 1002']

/** What is said of a frame alone. */
const frame = (name: string, parts: FrameParts, expected: readonly string[]): Case => [
  name,
  [clientFrame(parts)],
  expected,
]

describe('§5.1, §5.3 masks', () => {
  test.each<Case>([
    frame('none', { first: 0x81, payload: 'a', mask: null }, bad),
    frame('none on a ping', { first: 0x89, mask: null }, bad),
    frame('of zeros', { first: 0x81, payload: 'abc', mask: [0, 0, 0, 0] }, ['text abc', good]),
    frame('of ones', { first: 0x81, payload: 'abcde', mask: [255, 255, 255, 255] }, ['text abcde', good]),
    [
      'another one with each frame',
      [1, 2, 3].map((byte) => clientFrame({ first: 0x81, payload: 'abcdefg', mask: [byte, 9, 8, byte] })),
      ['text abcdefg', 'text abcdefg', 'text abcdefg', good],
    ],
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces)).toEqual(expected))
})

describe('§5.2 base framing', () => {
  test.each<Case>([
    ...[0xc1, 0xa1, 0x91, 0xf1, 0xc9, 0xa8].map((first) =>
      frame(`reserved bits: ${first.toString(16)}`, { first, payload: 'a' }, bad),
    ),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
      frame(`opcode ${opcode}`, { first: 0x80 | opcode }, bad),
    ),
    ...[0, 1, 125, 126, 127, 128, 65_535, 65_536, maxFrameBytes].map((length) =>
      frame(`${length} bytes`, { first: 0x81, payload: 'x'.repeat(length) }, [
        `text ${length > 200 ? length : 'x'.repeat(length)}`,
        good,
      ]),
    ),
    frame('a length of 125 in two bytes', { first: 0x81, payload: 'x'.repeat(125), lengthBytes: 2 }, bad),
    frame('a length of 1 in eight bytes', { first: 0x81, payload: 'x', lengthBytes: 8 }, bad),
    frame(
      'a length of 65,535 in eight bytes',
      { first: 0x81, payload: 'x'.repeat(65_535), lengthBytes: 8 },
      bad,
    ),
    ['a length whose first bit is set', [hex('81 ff 80 00 00 00 00 00 00 01 00 00 00 00 61')], bad],
    frame('a binary message, where text is spoken', { first: 0x82, payload: 'a' }, ['close 1003']),
    ['byte by byte', [...text('in pieces')].map((byte) => Buffer.from([byte])), ['text in pieces', good]],
    [
      'many in one',
      [Buffer.concat(['a', 'b', '', 'c'].map((word) => text(word)))],
      ['text a', 'text b', 'text ', 'text c', good],
    ],
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces)).toEqual(expected))
})

describe('§5.4 fragments', () => {
  test.each<Case>([
    ['two', [text('a', 0x01), text('b', 0x80)], ['text ab', good]],
    ['three, two of them empty', [text('', 0x01), text('a', 0x00), text('', 0x80)], ['text a', good]],
    ['all empty', [text('', 0x01), text('', 0x80)], ['text ', good]],
    [
      'a hundred',
      [text('0', 0x01), ...Array.from({ length: 98 }, () => text('1', 0x00)), text('2', 0x80)],
      [`text 0${'1'.repeat(98)}2`, good],
    ],
    [
      'a ping between them',
      [text('a', 0x01), clientFrame({ first: 0x89, payload: '?' }), text('b', 0x80)],
      ['pong 3f', 'text ab', good],
    ],
    [
      'a pong between them',
      [text('a', 0x01), clientFrame({ first: 0x8a, payload: '!' }), text('b', 0x80)],
      ['text ab', good],
    ],
    ['a close between them', [text('a', 0x01), closing(3000), text('b', 0x80)], ['close 3000']],
    ['a message between them', [text('a', 0x01), text('b')], bad],
    ['another beginning between them', [text('a', 0x01), text('b', 0x01)], bad],
    ['a continuation of nothing', [text('a', 0x80)], bad],
    ['a continuation of nothing that goes on', [text('a', 0x00)], bad],
    [
      'a continuation after the end',
      [text('a', 0x01), text('b', 0x80), text('c', 0x80)],
      ['text ab', ...bad],
    ],
    [
      'more than anybody needs',
      [Buffer.concat([text('a', 0x01), ...Array.from({ length: 1_100 }, () => text('', 0x00))])],
      ['close 1008'],
    ],
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces)).toEqual(expected))
})

describe('§5.5 control frames', () => {
  test.each<Case>([
    frame('a ping', { first: 0x89 }, ['pong ', good]),
    frame('a ping with bytes', { first: 0x89, payload: hex('00 ff fe') }, ['pong 00fffe', good]),
    frame('a ping of 125 bytes', { first: 0x89, payload: 'x'.repeat(125) }, [
      `pong ${'78'.repeat(125)}`,
      good,
    ]),
    frame('a ping of 126 bytes', { first: 0x89, payload: 'x'.repeat(126) }, bad),
    frame('a pong that nobody asked for', { first: 0x8a, payload: 'a' }, [good]),
    frame('a pong of 126 bytes', { first: 0x8a, payload: 'x'.repeat(126) }, bad),
    ...[0x08, 0x09, 0x0a].map((first) => frame(`fragmented: ${first}`, { first }, bad)),
    [
      'many pings at once: the newest is answered',
      [Buffer.concat(['1', '2', '3'].map((payload) => clientFrame({ first: 0x89, payload })))],
      ['pong 33', good],
    ],
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces)).toEqual(expected))
})

describe('§5.5.1, §7 closing', () => {
  test.each<Case>([
    frame('without a code', { first: 0x88 }, ['close']),
    frame('half a code', { first: 0x88, payload: hex('03') }, bad),
    frame(
      'a reason of 123 bytes',
      { first: 0x88, payload: Buffer.concat([hex('03e8'), Buffer.alloc(123, 'x')]) },
      [good],
    ),
    frame(
      'a reason of 124 bytes',
      { first: 0x88, payload: Buffer.concat([hex('03e8'), Buffer.alloc(124, 'x')]) },
      bad,
    ),
    ['a reason that is no UTF-8', [closing(1000, hex('ff'))], ['close 1007']],
    ['what follows is not heard', [closing(1000), text('late'), clientFrame({ first: 0x89 })], [good]],
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map(
      (code): Case => [`code ${code}`, [closing(code)], [`close ${code}`]],
    ),
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      (code): Case => [`code ${code}, which is not sent`, [closing(code)], bad],
    ),
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces)).toEqual(expected))
})

describe('§5.6, §8.1 UTF-8', () => {
  const valid = [
    '\u0000',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\ufffd',
    '\ufffe',
    '\uffff',
    '😀',
    '\u{10ffff}',
    'κόσμε',
  ]
  const invalid = {
    'a continuation alone': '80',
    'a beginning alone': 'c3',
    'a beginning and something else': 'c3 28',
    'an overlong slash of two': 'c0 af',
    'an overlong slash of three': 'e0 80 af',
    'an overlong slash of four': 'f0 80 80 af',
    'a surrogate': 'ed a0 80',
    'a pair of surrogates': 'ed a0 81 ed b0 80',
    'beyond the last character': 'f4 90 80 80',
    'five bytes': 'f8 88 80 80 80',
    fe: 'fe',
    ff: 'ff',
    'three of four bytes': 'f0 9f 98',
  }
  test.each<Case>([
    ...valid.map((word): Case => [JSON.stringify(word), [text(word)], [`text ${word}`, good]]),
    ...valid.map((word): Case => {
      const bytes = [...Buffer.from(`${word}${word}`)]
      const pieces = bytes.map((byte, index) =>
        text(Buffer.from([byte]), (index === 0 ? 1 : 0) | (index === bytes.length - 1 ? 0x80 : 0)),
      )
      return [`${JSON.stringify(word)} in fragments of a byte`, pieces, [`text ${word}${word}`, good]]
    }),
    ...Object.entries(invalid).map(([name, digits]): Case => [name, [text(hex(digits))], ['close 1007']]),
    [
      'what is wrong only over two fragments',
      [text(hex('f0 9f'), 0x01), text(hex('41'), 0x80)],
      ['close 1007'],
    ],
    ['a pong may hold anything', [clientFrame({ first: 0x8a, payload: hex('ff') })], [good]],
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces)).toEqual(expected))
})

describe('§10.4 limits', () => {
  const half = 'x'.repeat(maxFrameBytes / 2)
  test.each<Case>([
    ['one byte too many', [text('x'.repeat(maxFrameBytes + 1))], ['close 4004']],
    [
      'as many as allowed, in fragments',
      [text(half, 0x01), text(half, 0x80)],
      [`text ${maxFrameBytes}`, good],
    ],
    ['too many, in fragments', [text(half, 0x01), text(`${half}x`, 0x80)], ['close 4004']],
    ['a header that promises 4 GiB', [hex('81 ff 00 00 00 01 00 00 00 00')], ['close 4004']],
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces)).toEqual(expected))
})

describe('RFC 7692 compression', () => {
  const offer = 'permessage-deflate; client_max_window_bits'
  const packed = (payload: Uint8Array, first = 0xc1) => clientFrame({ first, payload })
  const hello = hex('f2 48 cd c9 c9 07 00')
  test.each<Case>([
    ['§7.2.3.1: Hello', [packed(hello)], ['text Hello', good]],
    [
      '§7.2.3.1: in fragments',
      [packed(hello.subarray(0, 3), 0x41), packed(hello.subarray(3), 0x80)],
      ['text Hello', good],
    ],
    [
      '§7.2.3.2: context of the message before, which was declined',
      [packed(hello), packed(hex('f2 00 11 00 00'))],
      ['text Hello', 'close 1007'],
    ],
    [
      '§7.2.3.3: a block that is not compressed',
      [packed(hex('00 05 00 fa ff 48 65 6c 6c 6f 00'))],
      ['text Hello', good],
    ],
    ['§7.2.3.4: a final block', [packed(hex('f3 48 cd c9 c9 07 00 00'))], ['text Hello', good]],
    ['§7.2.3.5: two blocks', [packed(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'))], ['text Hello', good]],
    ['an empty message', [packed(hex('00'))], ['text ', good]],
    [
      'a message beside it that is not',
      [text('plain'), packed(hello), text('plain')],
      ['text plain', 'text Hello', 'text plain', good],
    ],
    [
      'a ping between fragments',
      [packed(hello.subarray(0, 3), 0x41), clientFrame({ first: 0x89 }), packed(hello.subarray(3), 0x80)],
      ['pong ', 'text Hello', good],
    ],
    ['the bit on a continuation', [packed(hello.subarray(0, 3), 0x41), packed(hello.subarray(3), 0xc0)], bad],
    ['the bit on a ping', [packed(hex(''), 0xc9)], bad],
    ['bytes that are no such thing', [packed(hex('ff ff ff ff'))], ['close 1007']],
    ['what is no UTF-8 afterwards', [packed(deflate(hex('c3 28')))], ['close 1007']],
    [
      'as much as allowed afterwards',
      [packed(deflate(Buffer.alloc(maxFrameBytes, 'x')))],
      [`text ${maxFrameBytes}`, good],
    ],
    ['one byte more', [packed(deflate(Buffer.alloc(maxFrameBytes + 1, 'x')))], ['close 4004']],
    ['ten megabytes in ten kilobytes', [packed(deflate(Buffer.alloc(10_000_000)))], ['close 4004']],
  ])('%s', async (_name, pieces, expected) => expect(await said(pieces, offer)).toEqual(expected))

  test('the bit means nothing where it was not agreed on', async () => {
    expect(await said([packed(hello)])).toEqual(bad)
  })

  test.each<[offer: string, answer: string | undefined]>([
    ['permessage-deflate', ''],
    [offer, ''],
    ['permessage-deflate; client_max_window_bits="10"', ''],
    ['permessage-deflate; server_no_context_takeover; client_no_context_takeover', ''],
    ['permessage-deflate; server_max_window_bits=15', '; server_max_window_bits=15'],
    ['permessage-deflate; server_max_window_bits=10, permessage-deflate', ''],
    ['permessage-deflate; server_max_window_bits=10', undefined],
    ['permessage-deflate; server_max_window_bits', undefined],
    ['permessage-deflate; client_max_window_bits=16', undefined],
    ['permessage-deflate; client_max_window_bits=08', undefined],
    ['permessage-deflate; client_no_context_takeover=1', undefined],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', undefined],
    ['permessage-deflate; mystery', undefined],
    ['permessage-bzip2, x-webkit-deflate-frame', undefined],
  ])('an offer of %s is answered with %s', async (offered, more) => {
    const { head, socket } = await rawClient(server.port, offered)
    socket.destroy()
    const answer = /^sec-websocket-extensions: (.*)$/im.exec(head)?.[1]
    const agreed = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
    expect(answer).toBe(more === undefined ? undefined : `${agreed}${more}`)
  })

  test.each(['permessage-deflate;', ',', 'a b', 'permessage-deflate; x="', 'a=b'])(
    'refuses the malformed offer %s',
    async (offered) => {
      const { head, socket } = await rawClient(server.port, offered)
      socket.destroy()
      expect(head).toMatch(/^HTTP\/1\.1 400 /)
    },
  )

  test('a batch of events is compressed once for all who agreed, and nothing else is', async () => {
    const clients = [
      await rawClient(server.port, offer),
      await rawClient(server.port, offer),
      await rawClient(server.port),
    ]
    const words = JSON.stringify('word '.repeat(500))
    const batch = { text: `{"op":"events","channel":"a:b","prev":0,"position":1,"at":0,"events":[${words}]}` }
    const reply = { text: `{"op":"reply","id":1,"ok":${words}}` }
    const small = { text: '{"op":"events","events":[]}' }
    for (const connection of server.connections.slice(-3))
      for (const one of [small, batch, reply]) connection.send(one)
    const [first, second, plain] = await Promise.all(clients.map((client) => client.next(3)))
    for (const { socket } of clients) socket.destroy()
    expect(first?.map((one) => one.first)).toEqual([0x81, 0xc1, 0x81])
    expect(String(inflate((first as ServerFrame[])[1]?.payload as Buffer, 10_000))).toBe(batch.text)
    expect(second).toEqual(first)
    expect(plain?.map(({ payload }) => String(payload))).toEqual([small.text, batch.text, reply.text])
    expect((first as ServerFrame[])[1]?.payload.length).toBeLessThan(200)
    expect(batch).toHaveProperty('variants')
  })
})
