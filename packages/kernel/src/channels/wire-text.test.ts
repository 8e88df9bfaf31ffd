import { type EventsFrame, expandEvents } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../ports/event-log.ts'
import { encodeEvent, eventsFrameText, quote, utf8Length } from './wire-text.ts'

/** Any text, lone surrogates and all. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '"', '\\', '\u2028', '\ud800', '\udc00', '</script>', '__proto__', 'a.b:c/d@e+f-g'),
)

interface Made {
  readonly step: number
  readonly later: number
  readonly event: Omit<StoredEvent, 'offset' | 'at'>
}

const made: fc.Arbitrary<Made> = fc.record({
  step: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 })),
  later: fc.oneof(fc.constant(0), fc.integer({ min: -3, max: 3 })),
  event: fc.record(
    {
      type: text,
      data: fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.stringify(value)),
      by: text,
      id: text,
      tags: fc
        .dictionary(text, text, { maxKeys: 3, noNullPrototype: true })
        .map((tags) => JSON.stringify(tags)),
      redacted: fc.constant(true as const),
    },
    { requiredKeys: ['type', 'data'] },
  ),
})

function place(prev: number, list: readonly Made[]): StoredEvent[] {
  let offset = prev
  let at = 1_767_225_600_000
  return list.map(({ step, later, event }) => {
    offset += step
    at += later
    return { ...event, offset, at }
  })
}

describe('a batch on the wire', () => {
  test('comes back as the events that went in', () => {
    const lists = fc.array(made, { maxLength: 12 })
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(5), text, lists, (prev, silent, channel, list) => {
        const events = place(prev, list)
        const position = (events.at(-1)?.offset ?? prev) + silent
        const frame: EventsFrame = JSON.parse(
          eventsFrameText(quote(channel), prev, position, events.map(encodeEvent)),
        )
        expect(frame).toMatchObject({ op: 'events', channel, prev, position })
        const expected = events.map(({ data, tags, id, ...event }) => ({
          ...event,
          channel,
          id: id ?? `ep-${event.offset}`,
          data: JSON.parse(data),
          ...(tags === undefined ? {} : { tags: JSON.parse(tags) }),
        }))
        expect(expandEvents(frame, 'ep')).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('is one line: frames of a message are separated by line feeds', () => {
    fc.assert(
      fc.property(fc.array(made, { maxLength: 5 }), (list) => {
        expect(eventsFrameText('"c:x"', 0, 99, place(0, list).map(encodeEvent))).not.toMatch(/[\n\r]/)
      }),
    )
  })

  test('says what follows from the event before not at all', () => {
    const stored = { type: 't', data: '1', at: 5 }
    const run = [3, 4].map((offset) => encodeEvent({ ...stored, offset }))
    expect(eventsFrameText('"c:x"', 2, 4, run)).toBe(
      '{"op":"events","channel":"c:x","prev":2,"position":4,"at":5,' +
        '"events":[{"type":"t","data":1},{"type":"t","data":1}]}',
    )
  })

  test('the size of an event is at least what it adds to a batch', () => {
    fc.assert(
      fc.property(fc.array(made, { minLength: 1, maxLength: 8 }), (list) => {
        const entries = place(1e15, list).map(encodeEvent)
        const empty = eventsFrameText('"c:x"', 1e15, 2e15, []).length + '1767225600000'.length
        const size = entries.reduce((sum, entry) => sum + entry.size, 0)
        expect(eventsFrameText('"c:x"', 1e15, 2e15, entries).length).toBeLessThanOrEqual(size + empty)
      }),
    )
  })
})

describe('text', () => {
  test('is quoted as JSON does', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(JSON.parse(quote(any))).toBe(any)
      }),
    )
  })

  test('has the length in bytes that an encoder makes of it', () => {
    const encoder = new TextEncoder()
    fc.assert(
      fc.property(text, (any) => {
        expect(utf8Length(any)).toBe(encoder.encode(any).length)
      }),
      { numRuns: 1_000 },
    )
    for (const any of ['\ud83d\ude00', '\ud83d', '\ude00\ud83d', '\ud83d\ud83d\ude00', '\ud83da', 'é\ud83d'])
      expect(utf8Length(any)).toBe(encoder.encode(any).length)
  })
})
