import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expandEvents } from './events-frame.ts'
import type { EventsFrame, WireEvent } from './frames.ts'

interface Known {
  readonly offset: number
  readonly at: number
}

/** What a server leaves out, by the words of PROTOCOL.md §6.2. */
function shorten(prev: number, events: readonly Known[]): EventsFrame {
  const first = events[0]?.at ?? 0
  let last: Known = { offset: prev, at: first }
  const wire = events.map((event): WireEvent => {
    const short: WireEvent = {
      type: 't',
      data: null,
      ...(event.offset === last.offset + 1 ? {} : { offset: event.offset }),
      ...(event.at === last.at ? {} : { at: event.at }),
    }
    last = event
    return short
  })
  return { op: 'events', channel: 'c:x', prev, position: last.offset, at: first, events: wire }
}

test('what the wire leaves out comes back', () => {
  const steps = fc.array(
    fc.record({ step: fc.integer({ min: 1, max: 4 }), at: fc.integer({ min: 0, max: 3 }) }),
  )
  fc.assert(
    fc.property(fc.nat(), steps, (prev, list) => {
      let offset = prev
      const events = list.map(({ step, at }) => {
        offset += step
        return { offset, at }
      })
      const expanded = expandEvents(shorten(prev, events), 'ep')
      expect(expanded.map((event) => ({ offset: event.offset, at: event.at }))).toEqual(events)
      expect(expanded.map(({ id }) => id)).toEqual(events.map((event) => `ep-${event.offset}`))
    }),
  )
})

test('a field of the event cannot pass for its place', () => {
  const event = JSON.parse('{"type":"t","data":1,"channel":"other:channel"}')
  const frame: EventsFrame = { op: 'events', channel: 'c:x', prev: 0, position: 1, at: 5, events: [event] }
  expect(expandEvents(frame, 'ep')).toEqual([
    { id: 'ep-1', channel: 'c:x', type: 't', data: 1, offset: 1, at: 5 },
  ])
})
