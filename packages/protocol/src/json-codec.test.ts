import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ClientFrame, ServerFrame } from './frames.ts'
import {
  type Decoded,
  decodeClientFrame,
  decodeClientMessage,
  decodeServerMessage,
  encodeFrame,
  maxFramesPerMessage,
  maxJsonDepth,
} from './json-codec.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 400 })
const anyJson = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' })
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const channel = fc.string({ unit: 'binary', maxLength: 100 })
const optional = { requiredKeys: ['op', 'id'] as const }

/** Frames of every kind with every field that the protocol allows. */
const anyFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record(
    {
      op: fc.constant('connect' as const),
      id,
      token: anyText,
      versions: fc.array(fc.integer(), { maxLength: 16 }),
    },
    { requiredKeys: [...optional.requiredKeys] },
  ),
  fc.record(
    {
      op: fc.constant('subscribe' as const),
      id,
      channel,
      from: fc.record({ epoch: fc.string({ maxLength: 64 }), offset: fc.nat() }),
      recent: fc.nat(),
      state: fc.boolean(),
      silent: fc.boolean(),
    },
    { requiredKeys: ['op', 'id', 'channel'] },
  ),
  fc.record({ op: fc.constant('unsubscribe' as const), id, channel }),
  fc.record(
    {
      op: fc.constant('call' as const),
      id,
      command: fc.string({ maxLength: 100 }),
      input: anyJson,
      key: fc.string({ minLength: 1, maxLength: 64 }),
    },
    { requiredKeys: ['op', 'id', 'command'] },
  ),
  fc.record({ op: fc.constant('refresh' as const), id, token: anyText }),
  fc.record({
    op: fc.constant('set' as const),
    id,
    channel,
    name: fc.string({ minLength: 1, maxLength: 32 }),
    value: anyJson,
  }),
  fc.record(
    { op: fc.constant('state' as const), id, channel, after: fc.string({ maxLength: 64 }) },
    { requiredKeys: ['op', 'id', 'channel'] },
  ),
  fc.constant({ op: 'ping' as const }),
  fc.constant({ op: 'pong' as const }),
  fc.record({ op: fc.constant('chunk' as const), of: id, index: fc.nat(), data: anyText }),
)

/** A valid frame with one field replaced by anything, or text with one character changed: close to the mark. */
const nearMiss = fc.oneof(
  fc
    .tuple(
      anyFrame,
      fc.constantFrom(
        'op',
        'id',
        'channel',
        'from',
        'filter',
        'token',
        'client',
        'resume',
        'versions',
        '__proto__',
        'data',
        'of',
      ),
      anyJson,
    )
    .map(([frame, field, value]) =>
      JSON.stringify(Object.fromEntries([...Object.entries(frame), [field, value]])),
    ),
  fc.tuple(anyFrame, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 })).map(([frame, at, insert]) => {
    const text = JSON.stringify(frame)
    const place = at % text.length
    return text.slice(0, place) + insert + text.slice(place + 1)
  }),
)

function isWellFormed(decoded: Decoded): boolean {
  if ('frame' in decoded) return typeof decoded.frame.op === 'string'
  const { id: answered, problem } = decoded.failure
  return problem.length > 0 && problem.length < 300 && (answered === undefined || answered > 0)
}

describe('decoding what clients send', () => {
  test('never throws on any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          nearMiss,
          anyJson.map((value) => JSON.stringify(value)),
        ),
        (text) => decodeClientMessage(text).every(isWellFormed),
      ),
      { numRuns: 3_000 },
    )
  })

  test('never throws on any bytes', () => {
    const decoder = new TextDecoder()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) =>
        decodeClientMessage(decoder.decode(bytes)).every(isWellFormed),
      ),
      { numRuns: 1_000 },
    )
  })

  test('gives back any frame', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const text = encodeFrame(frame)
        expect(decodeClientMessage(text)).toEqual([{ frame: JSON.parse(text) }])
      }),
      { numRuns: 1_000 },
    )
  })

  test('gives back any frames of one message, in order', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), (frames) => {
        const decoded = decodeClientMessage(frames.map(encodeFrame).join('\n'))
        expect(decoded).toEqual(frames.map((frame) => ({ frame: JSON.parse(encodeFrame(frame)) })))
      }),
    )
  })

  test('a bad frame does not harm its neighbours', () => {
    fc.assert(
      fc.property(
        anyFrame,
        nearMiss.filter((text) => !text.includes('\n')),
        (frame, bad) => {
          const text = encodeFrame(frame)
          const decoded = decodeClientMessage(`${text}\n${bad}\n${text}`)
          expect(decoded[0]).toEqual({ frame: JSON.parse(text) })
          expect(decoded.at(-1)).toEqual({ frame: JSON.parse(text) })
        },
      ),
    )
  })
})

describe('hostile input', () => {
  const call = (input: string) => decodeClientFrame(`{"op":"call","id":7,"command":"a.b","input":${input}}`)
  const tooDeep = { failure: { id: 7, problem: `A frame is at most ${maxJsonDepth} levels deep.` } }

  test.each([
    ['lists', (depth: number) => '['.repeat(depth) + ']'.repeat(depth)],
    ['objects', (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
    ['both', (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`],
  ])('deep %s are refused from 64 levels on', (_name, nest) => {
    expect(call(nest(62))).toHaveProperty('frame')
    expect(call(nest(64))).toEqual(tooDeep)
    expect(call(nest(150_000))).toEqual(tooDeep)
  })

  test('unbalanced depth is no JSON', () => {
    expect(decodeClientFrame('['.repeat(500_000))).toHaveProperty('failure.id', undefined)
  })

  test.each(['1e999', '-1e999', `1${'0'.repeat(5_000)}`, '0.1e-9999'])(
    'the number %# is read as JSON reads it',
    (text) => {
      expect(call(text)).toHaveProperty('frame.input', Number(text))
    },
  )

  test('`__proto__` stays data and gives nothing to the frame', () => {
    const decoded = decodeClientFrame('{"op":"ping","__proto__":{"id":1,"token":"x"}}')
    if (!('frame' in decoded)) throw new Error('refused')
    expect(Object.getPrototypeOf(decoded.frame)).toBe(Object.prototype)
    expect((decoded.frame as unknown as { token?: string }).token).toBeUndefined()
    expect(({} as { id?: number }).id).toBeUndefined()
  })

  test('lone surrogates survive, escaped', () => {
    const decoded = call('"\\ud800"')
    expect(decoded).toHaveProperty('frame.input', '\ud800')
    if ('frame' in decoded) expect(encodeFrame(decoded.frame)).toContain('\\ud800')
  })

  test('a flood of empty lines is nothing', () => {
    expect(decodeClientMessage('\n'.repeat(1_000_000))).toEqual([])
  })

  test('too many frames are one failure', () => {
    const text = '{"op":"ping"}\n'.repeat(maxFramesPerMessage + 1)
    expect(decodeClientMessage(text)).toEqual([
      { failure: { id: undefined, problem: `A message holds at most ${maxFramesPerMessage} frames.` } },
    ])
  })

  test('the answer does not repeat what was sent', () => {
    const long = 'x'.repeat(10_000)
    for (const text of [long, `{"op":"${long}"}`, `{"op":"call","id":1,"command":"${long}"}`]) {
      const [decoded] = decodeClientMessage(text)
      expect(JSON.stringify(decoded)).not.toContain('xxx')
    }
  })
})

describe('decoding what servers send', () => {
  test('takes any frame that a server may send, whatever its data', () => {
    fc.assert(
      fc.property(fc.array(anyJson, { maxLength: 5 }), (data) => {
        const frame: ServerFrame = {
          op: 'events',
          channel: 'c:x',
          prev: 0,
          position: data.length,
          at: 1,
          events: data.map((value) => ({ type: 't', data: value })),
        }
        const text = encodeFrame(frame)
        expect(text).not.toContain('\n')
        expect(decodeServerMessage(`${text}\n${text}`)).toEqual([JSON.parse(text), JSON.parse(text)])
      }),
    )
  })

  test('leaves out what a later version may add', () => {
    expect(decodeServerMessage('{"op":"hologram"}\n{"op":"pong"}')).toEqual([{ op: 'pong' }])
  })

  test('throws on what is not JSON', () => {
    expect(() => decodeServerMessage('{"op":"pong"}\n<html>')).toThrow(SyntaxError)
  })
})
