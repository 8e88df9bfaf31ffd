import { readFileSync } from 'node:fs'
import { decode, decodeMulti, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeClientFrame, decodeClientMessage, decodeServerMessage } from './json-codec.ts'
import { mostGrowth, packMessage, unpackMessage } from './msgpack.ts'

interface Vector {
  readonly name: string
  readonly text: string
}

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))
}

const isJson = ({ text }: Vector) =>
  text.split('\n').every((line) => {
    try {
      return line === '' || JSON.parse(line) !== undefined
    } catch {
      return false
    }
  })
const there = (text: string) => unpackMessage(packMessage(text)) as string
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')

describe('the vectors of JSON', () => {
  const client = vectors<{ valid: Vector[]; invalid: Vector[]; messages: Vector[] }>('client-frames')
  const isText = ({ text }: Vector) => JSON.parse(text)?.data?.isWellFormed?.() ?? true
  test.each([...client.valid, ...client.invalid].filter(isJson).filter(isText))(
    'client frame: $name',
    ({ text }) => {
      expect(decodeClientFrame(there(text))).toEqual(decodeClientFrame(text))
    },
  )
  test.each(client.messages.filter(isJson))('message: $name', ({ text }) => {
    expect(decodeClientMessage(there(text))).toEqual(decodeClientMessage(text))
  })
  const { messages } = vectors<{ messages: Vector[] }>('server-frames')
  test.each(messages.filter(isJson))('server: $name', ({ text }) => {
    expect(decodeServerMessage(there(text))).toEqual(decodeServerMessage(text))
  })
})

describe('beside another implementation', () => {
  test('what is packed is read by it, and what it packs is read', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }), (values) => {
        const plain = values.map((value) => JSON.parse(JSON.stringify(value)))
        fc.pre(!JSON.stringify(plain).includes('__proto__'))
        const text = plain.map((value) => JSON.stringify(value)).join('\n')
        const packed = packMessage(text)
        expect([...decodeMulti(packed)]).toEqual(plain)
        expect(packed.length).toBeLessThanOrEqual(text.length * mostGrowth + 9 * values.length)
        expect(unpackMessage(packed)).toBe(text)
        const theirs = Buffer.concat(plain.map((value) => encode(value)))
        expect(unpackMessage(theirs)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ...[0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER],
    ...[-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_SAFE_INTEGER],
    ...[0.1, 1.5, 1e300, -1e-300, Number.MAX_VALUE],
    ...[0, 31, 32, 255, 256, 65_535, 65_536].map((length) => 'x'.repeat(length)),
    ...[0, 15, 16, 65_535, 65_536].map((length) => Array.from({ length }, () => 1)),
    ...[15, 16].map((length) =>
      Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, null])),
    ),
    ...['ü'.repeat(20), '😀'.repeat(10), '\u0000\u2028"\\'],
  ])('case %#', (value) => {
    const text = JSON.stringify(value)
    expect(decode(packMessage(text))).toEqual(value)
    expect(there(text)).toBe(text)
    expect(unpackMessage(encode(value))).toBe(text)
  })
})

test('half a character, which only JSON can say, becomes U+FFFD', () => {
  expect(there('{"data":"\\ud83d"}')).toBe('{"data":"\ufffd"}')
})

test('a key that means something elsewhere is a key like others', () => {
  const text = '{"__proto__":{"isAdmin":true},"constructor":1}'
  expect(there(text)).toBe(text)
})

test.each([
  ['an end too early', '92 01'],
  ['a text that ends too early', 'a3 61'],
  ['a number that ends too early', 'cb 00'],
  ['four billion items', 'dd ff ff ff ff 01'],
  ['four billion fields', 'df ff ff ff ff a1 61 01'],
  ['lists in lists in lists', '91'.repeat(10_000)],
  ['a key that is a number', '81 01 02'],
  ['a key that is a list', '81 90 02'],
  ['binary data', 'c4 01 61'],
  ['an extension', 'd4 01 00'],
  ['a moment', 'd6 ff 00 00 00 00'],
  ['what is reserved', 'c1'],
  ['a text that is no UTF-8', 'a2 c3 28'],
  ['a surrogate', 'a3 ed a0 80'],
])('is malformed: %s', (_name, digits) => {
  expect(unpackMessage(hex(digits))).toBeUndefined()
})

test('garbage is malformed, or a sequence of values', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const text = unpackMessage(bytes)
      for (const line of text?.split('\n') ?? []) if (line !== '') JSON.parse(line)
    }),
    { numRuns: 1_000 },
  )
})

test('what JSON has no number for is null', () => {
  expect(unpackMessage(encode([Number.NaN, Number.POSITIVE_INFINITY]))).toBe('[null,null]')
})
