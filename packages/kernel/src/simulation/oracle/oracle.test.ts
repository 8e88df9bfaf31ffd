import type { ChannelEvent } from '@parley/protocol'
import { expect, test } from 'vitest'
import { Oracle } from './oracle.ts'
import type { Publication } from './publication.ts'
import type { ReaderTruth } from './reader.ts'

const app = 'default'
const epoch = 'e1'

/** An oracle, and words for what happens before its eyes. */
class Case {
  now = 0
  readonly oracle = new Oracle({
    now: () => this.now,
    durabilityOf: (channel) =>
      channel.startsWith('live:') ? 'ephemeral' : channel.startsWith('feed:') ? 'recent' : 'durable',
    keptOf: (channel) => (channel.startsWith('feed:') ? 5 : 1e9),
    isCluster: false,
    redactionMs: 0,
    told: () => undefined,
  })
  readonly channel: string

  constructor(channel = 'room:a') {
    this.channel = channel
  }

  get truth() {
    return this.oracle.channel(app, this.channel)
  }

  sends(id: string, type = 'published', sender = 'ada'): Publication {
    this.now += 1
    return this.oracle.sends({
      ...{ id, app, channel: this.channel, sender, user: sender },
      ...{ isEven: Number(id.slice(1)) % 2 === 0, type, target: undefined },
    })
  }

  /** Sends, and is told where each is. */
  published(...ids: readonly string[]): readonly Publication[] {
    return ids.map((id, index) => {
      const publication = this.sends(id)
      this.oracle.acked(publication, { epoch, offset: index + 1 })
      return publication
    })
  }

  reader(isFiltered = false): ReaderTruth {
    const reader = this.oracle.reader({ who: 'bob', app, user: 'bob', truth: this.truth, isFiltered })
    reader.asks()
    reader.stands({ epoch, offset: 0 })
    return reader
  }

  event(id: string, offset: number, more: Partial<ChannelEvent> = {}): ChannelEvent {
    const { channel } = this
    return { id, channel, type: 'sim.published', data: { n: id }, offset, at: 0, ...more }
  }

  /** What is wrong, by kind. */
  get wrong(): readonly string[] {
    return [...new Set(this.oracle.verdict.violations.map(({ kind }) => kind))]
  }
}

test('whoever gets everything once and in order is right', () => {
  const one = new Case()
  const reader = one.reader()
  one.published('p1', 'p2')
  for (const [id, offset] of [['p1', 1] as const, ['p2', 2] as const]) reader.event(one.event(id, offset))
  reader.recovered({ epoch, offset: 2 }, 2)
  one.oracle.settle()
  one.oracle.holds(one.truth, epoch, 1)
  expect(one.oracle.verdict.violations).toEqual([])
  expect(reader.isAtHead).toBe(true)
})

test.each<[what: string, kinds: string[], happens: (one: Case, reader: ReaderTruth) => void]>([
  ['an event left out', ['lost'], (one, reader) => reader.event(one.event('p2', 2))],
  ['an event twice', ['duplicated'], (one, reader) => [1, 1].map(() => reader.event(one.event('p1', 1)))],
  ['an event at two places', ['lost', 'duplicated'], (one, reader) => reader.event(one.event('p1', 3))],
  [
    'another event at a place',
    ['reordered', 'duplicated'],
    (one, reader) => reader.event(one.event('p2', 1)),
  ],
  ['an event of nobody', ['forged'], (one, reader) => reader.event(one.event('x9', 1))],
  [
    'a tombstone that nobody asked for',
    ['lost'],
    (one, reader) => reader.event(one.event('', 1, { redacted: true })),
  ],
  [
    'recovered from elsewhere',
    ['falselyRecovered'],
    (_, reader) => reader.recovered({ epoch, offset: 1 }, 2),
  ],
  [
    'not recovered for nothing',
    ['brokenForNothing'],
    (_, reader) => reader.broke({ epoch, offset: 2 }, 'epoch_changed'),
  ],
  [
    'expired too early',
    ['brokenForNothing'],
    (_, reader) => reader.broke({ epoch, offset: 2 }, 'position_expired'),
  ],
  ['moved without a verdict', ['answered'], (_, reader) => reader.stands({ epoch, offset: 2 })],
  ['shed where nothing may be', ['lost'], (_, reader) => reader.dropped(0, 2)],
  [
    'something after the end',
    ['leaked'],
    (one, reader) => {
      reader.suspends()
      reader.event(one.event('p1', 1))
    },
  ],
  ['an ack without a place', ['answered'], (one) => one.oracle.acked(one.sends('p3'), undefined)],
])('%s is noticed', (_, kinds, happens) => {
  const one = new Case()
  const reader = one.reader()
  one.published('p1', 'p2')
  happens(one, reader)
  expect(new Set(one.wrong)).toEqual(new Set(kinds))
})

test('what is missing at the end is noticed, and who stands behind', () => {
  const one = new Case()
  const reader = one.reader()
  one.published('p1', 'p2')
  reader.event(one.event('p1', 1))
  expect(reader.isBehind(new Map([...one.truth.streams.values()].map((stream) => [stream, 2])), 5)).toMatch(
    /stands at 1/,
  )
  one.oracle.settle()
  expect(one.wrong).toEqual(['lost', 'stuck'])
})

test('a history without what was promised, or with a gap, is noticed', () => {
  const one = new Case()
  one.published('p1', 'p2', 'p3')
  one.oracle.read(
    { who: 'bob', app, user: 'bob', truth: one.truth },
    { epoch, head: 3, first: 1, events: [one.event('p1', 1), one.event('p3', 3)] },
    9,
  )
  expect(one.wrong).toEqual(['lost'])
  const other = new Case()
  other.published('p1')
  other.oracle.restored(-1)
  other.now = 5
  // Who slept hears of it now.
  other.oracle.acked(other.sends('slept'), { epoch, offset: 2 })
  other.oracle.holds(other.truth, 'e2', 1)
  expect(other.wrong).toEqual([])
  other.oracle.acked(other.sends('p2'), { epoch: 'e2', offset: 1 })
  other.oracle.holds(other.truth, 'e3', 1)
  expect(other.wrong).toEqual(['lost'])
})

test('another order than the sender’s is noticed, and more epochs than there may be', () => {
  const one = new Case()
  const [first, second] = [one.sends('p1'), one.sends('p2')]
  one.oracle.acked(second, { epoch, offset: 1 })
  one.oracle.acked(first, { epoch, offset: 2 })
  one.truth.stream('e2', 0)
  one.oracle.settle()
  expect(one.wrong).toEqual(['reordered', 'lost'])
})

test('what is against a filter, of another app, or redacted long since is noticed', () => {
  const one = new Case()
  const [odd] = one.published('p1') as [Publication]
  one.reader(true).event(one.event('p1', 1))
  const stranger = one.oracle.reader({
    ...{ who: 'eve', app: 'other', user: 'eve', isFiltered: false },
    truth: one.oracle.channel('other', one.channel),
  })
  stranger.stands({ epoch, offset: 0 })
  stranger.event(one.event('p1', 1))
  odd.redaction = { calledAt: 1, doneAt: 2 }
  one.now = 10
  one.reader().event(one.event('p1', 1))
  expect(one.oracle.verdict.violations.map(({ kind }) => kind)).toEqual(['leaked', 'leaked', 'leaked'])
})

test('what comes, or is said, after a kick is noticed', () => {
  const one = new Case('club:d')
  const reader = one.reader()
  const kick = one.sends('k1', 'kicked', 'backend')
  one.oracle.membership(kick, 'bob', false)
  one.oracle.acked(kick, { epoch, offset: 1 })
  const said = one.sends('p2', 'said', 'bob')
  one.oracle.acked(said, { epoch, offset: 2 })
  reader.event(one.event('k1', 1, { type: 'sim.kicked' }))
  reader.event(one.event('p2', 2, { type: 'sim.said' }))
  one.oracle.settle()
  expect(one.oracle.verdict.violations.map(({ text }) => text)).toEqual([
    'bob got offset 2 of club:d, but was kicked at 1',
    'bob said p2 at 2 of club:d after a kick',
  ])
})

test('what was refused for good must not be there', () => {
  const one = new Case()
  const [refused] = one.published('p1') as [Publication]
  refused.state = 'refused'
  one.oracle.settle()
  expect(one.wrong).toEqual(['answered'])
})

test('losses that must be told are no faults', () => {
  const feed = new Case('feed:e')
  const reader = feed.reader()
  feed.published('p1', 'p2', 'p3', 'p4', 'p5')
  reader.broke({ epoch, offset: 5 }, 'position_expired')
  feed.oracle.memoryLost()
  reader.broke({ epoch: 'e2', offset: 0 }, 'epoch_changed')
  const live = new Case('live:f')
  const watcher = live.reader()
  watcher.broke({ epoch, offset: 3 }, 'not_stored')
  watcher.dropped(3, 6)
  expect([feed.wrong, live.wrong]).toEqual([[], []])
})

test('many violations are counted, and the first kept', () => {
  const one = new Case()
  const reader = one.reader()
  for (let offset = 1; offset <= 30; offset++) reader.event(one.event(`x${offset}`, offset))
  expect(one.oracle.verdict.counts.forged).toBe(30)
  expect(one.oracle.verdict.violations).toHaveLength(20)
})
