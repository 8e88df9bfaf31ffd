import type { Position } from '@parley/protocol'
import type { EventLog, NewEvent, StoredEvent } from '../../ports/event-log.ts'
import { equal, ok, refused } from './assert.ts'
import { type Cases, range } from './suite.ts'

/** An event log under test, with a way to write into it that drops nothing. */
export interface LogSubject {
  readonly log: EventLog
  readonly append: (app: string, channel: string, events: readonly NewEvent[]) => Promise<readonly Position[]>
  readonly close: () => Promise<void>
}

const startAt = 1_767_225_600_000

/** The event that belongs at an offset; a second apart from one another. */
export function eventAt(offset: number, fields: Partial<NewEvent> = {}): NewEvent {
  return { type: 'test.happened', data: JSON.stringify({ offset }), at: startAt + offset * 1_000, ...fields }
}

/** Writes the events with offsets from `from` to `to`. */
export function fill(
  { append }: LogSubject,
  channel: string,
  from: number,
  to: number,
): Promise<readonly Position[]> {
  return append(
    'acme',
    channel,
    range(from, to).map((offset) => eventAt(offset)),
  )
}

export function offsets(events: readonly StoredEvent[]): number[] {
  return events.map(({ offset }) => offset)
}

const all = { after: 0, limit: 10_000 }

/** The guarantees of positions and of the reading side, for every log. */
export const logCases: Cases<LogSubject> = {
  async 'offsets of each channel start at 1 and grow by 1'(subject) {
    const positions = [...(await fill(subject, 'room:a', 1, 3)), ...(await fill(subject, 'room:b', 1, 2))]
    const more = await fill(subject, 'room:a', 4, 4)
    equal(
      positions.map(({ offset }) => offset),
      [1, 2, 3, 1, 2],
      'offsets count from 1 in each channel',
    )
    equal(more, [{ epoch: positions[0]?.epoch, offset: 4 }], 'a later append goes on in the same epoch')
    const tops = await subject.log.tops('acme', ['room:b', 'room:a', 'room:b'])
    equal(
      tops.map(({ head, first }) => ({ head, first })),
      [2, 4, 2].map((head) => ({ head, first: 1 })),
      'tops are answered in the order asked, also for a channel named twice',
    )
  },

  async 'a channel that was never written has an epoch and keeps it'({ log, append }) {
    const [before] = await log.tops('acme', ['room:new'])
    equal({ head: before?.head, first: before?.first }, { head: 0, first: 1 }, 'a new channel is empty')
    equal(await log.tops('acme', ['room:new']), [before], 'asking twice gives the same epoch')
    const [position] = await append('acme', 'room:new', [eventAt(1)])
    equal(position, { epoch: before?.epoch, offset: 1 }, 'the first event is in the epoch told before')
    equal(await log.tops('acme', ['room:new']), [{ epoch: before?.epoch, head: 1, first: 1 }], 'tops agree')
    equal(await log.tops('acme', []), [], 'no channels, no tops')
  },

  async 'epochs are unguessable and belong to one channel of one app'({ log }) {
    const names = range(1, 500).map((index) => `room:${index}`)
    const tops = [...(await log.tops('acme', names)), ...(await log.tops('globex', names))]
    equal(
      new Set(tops.map(({ epoch }) => epoch)).size,
      1_000,
      'epochs differ between channels and between apps',
    )
    ok(
      tops.every(({ epoch }) => epoch.length >= 11 && epoch.length <= 64),
      'an epoch has room for 64 bits',
    )
  },

  async 'an event comes back as it was written'({ log, append }) {
    const full = eventAt(1, {
      id: 'm-1',
      tags: '{"lang":"de"}',
      by: 'alice',
      data: '{"text":"Grüße 👋","n":[1,2.5,null]}',
    })
    await append('acme', 'room:a', [full, eventAt(2)])
    const [first, second] = await log.read('acme', 'room:a', all)
    equal(first, { ...full, offset: 1 }, 'every field is kept')
    const { id, ...rest } = second as StoredEvent
    equal(rest, { ...eventAt(2), offset: 2 }, 'what was not given is absent')
    const [top] = await log.tops('acme', ['room:a'])
    ok(id === undefined || id === `${top?.epoch}-2`, 'an event without an id has none, or `<epoch>-<offset>`')
  },

  async 'reads give events after an offset, up to a limit'(subject) {
    await fill(subject, 'room:a', 1, 20)
    const read = async (after: number, limit: number) =>
      offsets(await subject.log.read('acme', 'room:a', { after, limit }))
    equal(await read(0, 5), range(1, 5), 'from the start')
    equal(await read(7, 5), range(8, 12), 'from the middle')
    equal(await read(18, 5), [19, 20], 'up to the head')
    equal(await read(20, 5), [], 'nothing after the head')
    equal(await read(99, 5), [], 'nothing ahead of the head')
    equal(offsets(await subject.log.read('acme', 'room:none', all)), [], 'nothing in a channel never written')
  },

  async 'reads stop by weight, and give one event at least'({ log, append }) {
    const heavy = JSON.stringify('x'.repeat(10_000))
    await append(
      'acme',
      'room:a',
      range(1, 10).map((offset) => eventAt(offset, { data: heavy })),
    )
    const read = async (maxBytes: number) =>
      offsets(await log.read('acme', 'room:a', { after: 2, limit: 100, maxBytes }))
    equal(await read(1), [3], 'one event, however small the bound')
    const some = await read(35_000)
    ok(
      some.length >= 2 && some.length <= 4,
      `35 kB hold three events of 10 kB, give or take one (found ${some.length})`,
    )
    equal(some, range(3, 2 + some.length), 'they follow one another')
    equal(await read(10_000_000), range(3, 10), 'a large bound bounds nothing')
  },

  async 'backward reads give the newest events below an offset, ascending'(subject) {
    await fill(subject, 'room:a', 1, 20)
    const read = async (before: number, limit: number) =>
      offsets(await subject.log.readBackward('acme', 'room:a', before, limit))
    equal(await read(21, 3), [18, 19, 20], 'from the head')
    equal(await read(1_000, 3), [18, 19, 20], 'from beyond the head')
    equal(await read(10, 4), [6, 7, 8, 9], 'from the middle')
    equal(await read(3, 10), [1, 2], 'down to the first')
    equal(await read(1, 10), [], 'nothing below the first')
    equal(
      offsets(await subject.log.readBackward('acme', 'room:none', 9, 9)),
      [],
      'nothing in a channel never written',
    )
  },

  async 'events are picked by their offsets, in the order asked'(subject) {
    const { log, append } = subject
    await fill(subject, 'room:a', 1, 20)
    await append('globex', 'room:a', [eventAt(1, { data: '"theirs"' })])
    const pick = async (app: string, channel: string, wanted: readonly number[]) =>
      (await log.pick(app, channel, wanted)).map((event) => event?.data)
    const data = (offset: number) => eventAt(offset).data
    equal(await pick('acme', 'room:a', [7, 20, 1, 7]), [7, 20, 1, 7].map(data), 'each in its place')
    const odd = await pick('acme', 'room:a', [0, 21, -3, 5, 99])
    equal(odd, [undefined, undefined, undefined, data(5), undefined], 'undefined where none is held')
    equal(await pick('acme', 'room:none', [1]), [undefined], 'nothing in a channel never written')
    equal(await pick('globex', 'room:a', [1, 2]), ['"theirs"', undefined], 'each app has its own')
    equal(await pick('acme', 'room:a', []), [], 'no offsets, no events')
    await log.redact('acme', 'room:a', 5)
    await log.trim('acme', 'room:a', { maxEvents: 18, maxAgeMs: 1e12, maxBytes: 1e12 }, startAt)
    const [gone, tombstone] = await log.pick('acme', 'room:a', [2, 5])
    equal(gone, undefined, 'what was trimmed is not held')
    ok(tombstone?.redacted === true && tombstone.data === 'null', 'what was redacted is a tombstone')
  },

  async 'a thousand events are picked at once, and no more'(subject) {
    await fill(subject, 'room:a', 1, 1_000)
    const wanted = range(1, 1_000).reverse()
    const found = await subject.log.pick('acme', 'room:a', wanted)
    equal(
      found.map((event) => event?.offset),
      wanted,
      'a thousand',
    )
    await refused(subject.log.pick('acme', 'room:a', [...wanted, 1]), 'one more', ['bad_request'])
  },

  async 'a time is turned into an offset'(subject) {
    await fill(subject, 'room:a', 1, 10)
    const before = (seconds: number) => subject.log.offsetBefore('acme', 'room:a', startAt + seconds * 1_000)
    equal(await before(5.5), 5, 'the newest event that is older')
    equal(await before(5), 4, 'an event of that very time is not older')
    equal(await before(1), 0, 'none is older')
    equal(await before(99), 10, 'all are older')
    equal(await subject.log.offsetBefore('acme', 'room:none', startAt), 0, '0 in a channel never written')
  },

  async 'channels are listed by name, in pages, with their tops'(subject) {
    const { log, append } = subject
    const names = ['doc:1', 'room:a', 'room:a_', 'room:aB', 'room:ab', 'room:b', 'room:c%d', 'room:czd']
    for (const name of names) await append('acme', name, [eventAt(1)])
    await append('globex', 'room:elsewhere', [eventAt(1)])
    await log.tops('acme', ['room:asked'])
    const list = async (options: { prefix?: string; after?: string; limit: number }) =>
      (await log.channels('acme', options)).map(({ channel }) => channel)
    const everything = await list({ limit: 100 })
    equal(
      [...everything].sort(),
      [...names].sort(),
      'every channel that was written, of this app, and no other',
    )
    const pages: string[] = []
    for (;;) {
      const after = pages.at(-1)
      const next = await list({ limit: 3, ...(after === undefined ? {} : { after }) })
      ok(next.length <= 3, 'a page is at most as long as its limit')
      if (next.length === 0) break
      pages.push(...next)
    }
    equal(pages, everything, 'pages join to the whole list')
    equal(await list({ prefix: 'doc:', limit: 9 }), ['doc:1'], 'a prefix selects')
    equal(await list({ prefix: 'room:a_', limit: 9 }), ['room:a_'], 'a prefix is no pattern')
    equal(await list({ prefix: 'room:c%', limit: 9 }), ['room:c%d'], 'a prefix is no pattern')
    equal(await list({ prefix: 'ROOM:', limit: 9 }), [], 'a prefix is case-sensitive')
    const [listed] = await log.channels('acme', { prefix: 'doc:', limit: 1 })
    const [top] = await log.tops('acme', ['doc:1'])
    equal(listed, { channel: 'doc:1', ...top }, 'the list tells the tops')
  },

  async 'the same channel name in two apps shares nothing'({ log, append }) {
    await append('acme', 'room:a', [eventAt(1), eventAt(2)])
    await append('globex', 'room:a', [eventAt(1, { data: '"theirs"' })])
    equal(offsets(await log.read('acme', 'room:a', all)), [1, 2], 'one app has its events')
    equal(
      (await log.read('globex', 'room:a', all)).map(({ data }) => data),
      ['"theirs"'],
      'the other has its own',
    )
    equal(await log.redact('globex', 'room:a', 2), false, 'an offset of one app is not held in the other')
    await log.trim('globex', 'room:a', { maxEvents: 0, maxAgeMs: 1e12, maxBytes: 1e12 }, startAt)
    equal(offsets(await log.read('acme', 'room:a', all)), [1, 2], 'trimming one leaves the other alone')
    equal(await log.tops('initech', ['room:a']).then(([top]) => top?.head), 0, 'a third app sees nothing')
  },

  async 'two thousand tops are told at once'({ log, append }) {
    await append('acme', 'room:1500', [eventAt(1)])
    const tops = await log.tops(
      'acme',
      range(1, 2_000).map((index) => `room:${index}`),
    )
    equal(tops.length, 2_000, 'one top a channel')
    equal(
      tops.findIndex(({ head }) => head === 1),
      1_499,
      'each in its place',
    )
  },

  async 'large and odd data comes back unchanged'({ log, append }) {
    const texts = [
      'x'.repeat(1_000_000),
      '👩‍👩‍👧‍👦 ‮abc‬ é',
      '\u0000\u0001\u001f',
      '\ud800 alone',
      '\u2028\\"\n',
      "'; DROP TABLE events; --",
    ]
    const events = texts.map((text) =>
      eventAt(1, { data: JSON.stringify({ text }), id: 'id-👋', by: 'übel & söhne' }),
    )
    await append('acme', 'room:größe', events)
    const back = await log.read('acme', 'room:größe', all)
    equal(
      back.map(({ data }) => data),
      events.map(({ data }) => data),
      'data is kept to the letter',
    )
    equal(back[0]?.by, 'übel & söhne', 'names are kept')
    equal(back[0]?.id, 'id-👋', 'ids are kept')
  },
}
