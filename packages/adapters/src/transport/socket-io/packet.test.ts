import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BadPacket, encodeArguments, PacketReader, prefixOf } from './packet.ts'

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '_placeholder'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value

const names = fc.constantFrom('/', '/admin', '/a/b.c-d')

test('what is encoded is what is read', () => {
  fc.assert(
    fc.property(
      names,
      fc.option(fc.nat(999_999), { nil: undefined }),
      fc.array(value),
      (namespace, id, args) => {
        const messages = encodeArguments('event', ['name', ...args], { prefix: prefixOf(namespace), id })
        const reader = new PacketReader()
        const packets = messages.map((message) => reader.read(message))
        expect(packets.slice(0, -1).every((packet) => packet === undefined)).toBe(true)
        expect(packets.at(-1)).toMatchObject({ namespace, id, data: ['name', ...args] })
      },
    ),
  )
})

test('whatever text comes is read or refused, and nothing else is thrown', () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-7][0-9-]{0,3}[/a-z,]{0,4}[[\]{}"a-z0-9:,]{0,12}$/),
  )
  fc.assert(
    fc.property(text, (message) => {
      try {
        new PacketReader().read(message)
      } catch (error) {
        expect(error).toBeInstanceOf(BadPacket)
      }
    }),
    { numRuns: 2_000 },
  )
})

describe('refused', () => {
  test.each([
    ['an event without a name', '2[]'],
    ['an event that is the library’s own', '2["disconnect"]'],
    ['an event that is no list', '2{"a":1}'],
    ['an ack that is no list', '31{}'],
    ['a type that there is not', '9'],
    ['bytes that are not announced', '5["x"]'],
    ['too many bytes announced', '59999-["x"]'],
    ['half of a text', '2["x'],
    ['a connect with a list', '0[1]'],
    ['a refusal, which only servers send', '4{"message":"x"}'],
  ])('%s', (_what, message) => {
    expect(() => new PacketReader().read(message)).toThrow(BadPacket)
  })

  test('bytes that nobody waits for, and text where bytes are due', () => {
    expect(() => new PacketReader().read(new Uint8Array(1))).toThrow(BadPacket)
    const reader = new PacketReader()
    expect(reader.read('51-["x",{"_placeholder":true,"num":0}]')).toBeUndefined()
    expect(() => reader.read('2["y"]')).toThrow(BadPacket)
  })

  test('a placeholder without its bytes', () => {
    const reader = new PacketReader()
    reader.read('51-["x",{"_placeholder":true,"num":3}]')
    expect(() => reader.read(new Uint8Array(1))).toThrow(BadPacket)
  })
})

test('a key that means more than itself is a key', () => {
  const packet = new PacketReader().read('2["x",{"__proto__":{"isAdmin":true}}]')
  const [, data] = (packet as { data: unknown }).data as [string, { isAdmin?: boolean }]
  expect(data.isAdmin).toBeUndefined()
  expect(Object.keys(data)).toEqual(['__proto__'])
})
