import { type CompiledFilter, compileFilter, type EventsFrame, expandEvents } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Durability, defineKind } from '../kind.ts'
import { type Limits, limitDefaults } from '../limits.ts'
import { Channel } from './channel.ts'
import type { Delivery, FilterClass } from './delivery/filter-class.ts'
import { KeyedState } from './keyed-state.ts'
import type { Member } from './member.ts'
import type { Outbox } from './outbox.ts'

function channel(limits: Partial<Limits> = {}, durability: Durability = 'durable'): Channel {
  return new Channel({
    app: 'app',
    name: 'chat:1',
    kind: defineKind('test', 'chat', { durability }),
    top: { epoch: 'ep', head: 0, first: 1 },
    state: new KeyedState('i', { maxStateEntries: 10, maxStateBytes: 10 }),
    limits: { ...limitDefaults, ...limits },
    now: 0,
  })
}

const ofType = (type: string) => compileFilter({ field: 'type', eq: type }) as CompiledFilter

function push(to: Channel, type = 'a', size = 0): void {
  const offset = to.head + 1
  to.push({ offset, type, data: JSON.stringify('x'.repeat(size)), at: 1_000 + offset })
}

function join(to: Channel, filter?: CompiledFilter): Member {
  const filterClass = to.classFor(filter) as FilterClass
  to.seal()
  to.sync(filterClass)
  return to.join({} as unknown as Outbox, filterClass, to.sealed)
}

const frameOf = ({ frame }: Delivery): EventsFrame => JSON.parse(frame.text)
const offsetsOf = (delivery: Delivery) => expandEvents(frameOf(delivery), 'ep').map(({ offset }) => offset)

/** What the members of a class get, as one stream; checks that no frame leaves a gap. */
function follow(deliveries: readonly Delivery[], from: number): { offsets: number[]; position: number } {
  let position = from
  const offsets: number[] = []
  for (const delivery of deliveries) {
    expect(delivery.prev).toBe(position)
    expect(frameOf(delivery)).toMatchObject({
      channel: 'chat:1',
      prev: position,
      position: delivery.position,
    })
    offsets.push(...offsetsOf(delivery))
    expect(delivery.events).toBe(offsetsOf(delivery).length)
    position = delivery.position
  }
  return { offsets, position }
}

describe('batches', () => {
  test('bring each class what its filter lets through, without gap, in frames of a bounded size', () => {
    const event = fc.record({
      type: fc.constantFrom('a', 'b', 'c'),
      size: fc.oneof(fc.nat(20), fc.constant(700)),
      seals: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.integer({ min: 60, max: 600 }),
        (made, maxBatchBytes) => {
          const to = channel({ maxBatchBytes })
          const classes = [undefined, 'a', 'b'].map((type) => {
            const filter = type === undefined ? undefined : ofType(type)
            return { type, filterClass: join(to, filter).filterClass }
          })
          const deliveries: Delivery[] = []
          for (const { type, size, seals } of made) {
            push(to, type, size)
            if (seals) deliveries.push(...to.seal())
          }
          deliveries.push(...to.seal())
          for (const { type, filterClass } of classes) {
            const last = to.sync(filterClass) ?? []
            const got = deliveries.filter((delivery) => delivery.filterClass === filterClass)
            const { offsets, position } = follow(got.concat(last), 0)
            const wanted = made.flatMap((one, index) =>
              type === undefined || one.type === type ? [index + 1] : [],
            )
            expect(offsets).toEqual(wanted)
            expect(position).toBe(made.length)
            const batches = got.filter(({ events }) => events > 1)
            for (const { frame } of batches) expect(frame.text.length).toBeLessThan(maxBatchBytes + 150)
          }
        },
      ),
    )
  })

  test('nothing came, nothing is made', () => {
    const to = channel()
    join(to)
    expect(to.seal()).toEqual([])
    expect(to.sync(to.classFor(undefined) as FilterClass)).toBeUndefined()
  })

  test('a class in which nothing matches is told its position only when asked', () => {
    const to = channel()
    const { filterClass } = join(to, ofType('b'))
    push(to)
    expect(to.seal()).toEqual([])
    expect(filterClass.position).toBe(0)
    expect(frameOf(to.sync(filterClass) as Delivery)).toMatchObject({ prev: 0, position: 1, events: [] })
    expect(to.sync(filterClass)).toBeUndefined()
  })

  test('a class that everybody left holds nobody back, and makes no frames', () => {
    const to = channel()
    const gone = join(to)
    to.leave(gone, 5)
    push(to)
    expect(to.seal()).toEqual([])
    expect(gone.filterClass.position).toBe(1)
    join(to)
    push(to)
    expect(to.seal().map(offsetsOf)).toEqual([[2]])
  })

  test('who joins gets nothing that was pushed before', () => {
    const to = channel()
    const first = join(to)
    push(to)
    const before = to.seal()
    const second = join(to)
    expect(second.position).toBe(1)
    push(to)
    const after = to.seal()
    expect(follow([...before, ...after], 0)).toEqual({ offsets: [1, 2], position: 2 })
    expect(after).toHaveLength(1)
    expect(first.filterClass).toBe(second.filterClass)
  })
})

describe('members', () => {
  test('are counted; the last to leave leaves the time', () => {
    const to = channel()
    const members = [join(to), join(to, ofType('a'))]
    to.readState(members[0] as Member)
    to.readState(members[0] as Member)
    expect([to.memberCount, to.stateReaders]).toEqual([2, 1])
    to.leave(members[0] as Member, 7)
    expect([to.memberCount, to.stateReaders, to.idleSince]).toEqual([1, 0, 0])
    to.leave(members[1] as Member, 9)
    expect([to.memberCount, to.idleSince]).toEqual([0, 9])
    expect(members.every(({ left }) => left)).toBe(true)
  })

  test('run as many filters as the limit says, not counting those without; empty classes make room', () => {
    const to = channel({ maxFilterClasses: 2 })
    join(to)
    const a = join(to, ofType('a'))
    const b = join(to, ofType('b'))
    expect(to.classFor(ofType('c'))).toBeUndefined()
    expect(to.classFor(ofType('a'))).toBe(a.filterClass)
    expect(to.classFor(undefined)).toBeDefined()
    b.filterClass.underWay = 1
    to.leave(b, 0)
    expect(to.classFor(ofType('c'))).toBeUndefined()
    b.filterClass.finished()
    expect(to.classFor(ofType('c'))).toBeDefined()
    expect([...to.classes]).toHaveLength(3)
  })

  test('without a filter find room even when all filters are taken', () => {
    const to = channel({ maxFilterClasses: 1 })
    join(to, ofType('a'))
    expect(to.classFor(undefined)).toBeDefined()
  })
})

describe('what is at hand', () => {
  const recent = (of: Channel, after: number) => of.recent(after)?.map(({ stored }) => stored.offset)

  test('is the newest, up to the last batch', () => {
    const to = channel({ ringEvents: 3 })
    expect(to.available).toBe(1)
    for (let n = 0; n < 5; n++) push(to)
    to.seal()
    push(to)
    expect(recent(to, 3)).toEqual([4, 5])
    expect(recent(to, 1)).toBeUndefined()
    to.trimmed(5)
    expect(to.available).toBe(5)
    expect(recent(to, 3)).toBeUndefined()
    expect(to.position).toEqual({ epoch: 'ep', offset: 6 })
  })

  test('is nothing in an ephemeral channel', () => {
    const to = channel({}, 'ephemeral')
    join(to)
    push(to)
    expect(to.seal().map(offsetsOf)).toEqual([[1]])
    expect(recent(to, 0)).toBeUndefined()
  })

  test('has no word left of a redacted event, sent or not', () => {
    const to = channel()
    const member = join(to)
    for (const type of ['a', 'b']) {
      push(to, type, 5)
      if (type === 'a') to.seal()
    }
    member.filterClass.replay = { from: 0, to: 1, frame: { text: '' }, events: 1 }
    for (const offset of [1, 2]) to.redact(offset)
    expect(to.redactions).toBe(2)
    expect(member.filterClass.replay).toBeUndefined()
    const [delivery] = to.seal()
    expect(frameOf(delivery as Delivery).events).toMatchObject([{ data: null, redacted: true }])
    expect(to.recent(0)?.map(({ stored }) => stored.data)).toEqual(['null', 'null'])
  })

  test('is forgotten when the stream becomes another one', () => {
    const to = channel()
    const member = join(to)
    push(to)
    to.restart({ epoch: 'new', head: 40, first: 30 })
    expect(to.position).toEqual({ epoch: 'new', offset: 40 })
    expect([to.sealed, to.first, to.available]).toEqual([40, 30, 30])
    expect(to.recent(30)).toBeUndefined()
    expect(to.seal()).toEqual([])
    push(to)
    expect(follow(to.seal(), 40)).toEqual({ offsets: [41], position: 41 })
    expect(member.filterClass.position).toBe(41)
  })
})
