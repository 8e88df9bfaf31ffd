import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Lane, lanes } from '../kind.ts'
import type { Channel } from './channel.ts'
import type { FilterClass } from './delivery/filter-class.ts'
import { LaneQueues, type QueuedFrame, type Turn } from './lane-queues.ts'
import { Member } from './member.ts'
import type { Outbox } from './outbox.ts'

/** The queues look at nothing of a member but its lane and what it is to be told. */
function member(lane: Lane): Member {
  const channel = { kind: { lane } } as unknown as Channel
  return new Member({} as unknown as Outbox, channel, {} as unknown as FilterClass, 0)
}

function frame(of: Member, to: number, size = 1): QueuedFrame {
  return { member: of, frame: { text: 'x'.repeat(size) }, from: to - 1, to }
}

const memberOf = (turn: Turn): Member => (turn.what === 'frame' ? turn.queued.member : turn.member)
const laneOf = (turn: Turn): Lane => memberOf(turn).channel.kind.lane

/** So many turns; a test that counts on each of them fails where there is none. */
function turns(queues: LaneQueues, count: number): Turn[] {
  return Array.from({ length: count }, () => queues.next()).filter((turn) => turn !== undefined)
}

function drain(queues: LaneQueues): Turn[] {
  const all: Turn[] = []
  for (let turn = queues.next(); turn !== undefined; turn = queues.next()) all.push(turn)
  return all
}

function comeOrGo(queues: LaneQueues, visitor: Member, present: readonly Lane[]): void {
  if (present.includes(visitor.channel.kind.lane)) queues.behind(visitor)
  else queues.caughtUp(visitor)
}

/** What a turn tells its member: the range of a frame, or that of what was shed. */
function hear(turn: Turn): { readonly from: number; readonly to: number } {
  if (turn.what === 'frame') return turn.queued
  const range = turn.member.dropped as { from: number; to: number }
  turn.member.dropped = undefined
  return range
}

interface Arrival {
  readonly who: number
  readonly size: number
  /** Turns before the next arrival. */
  readonly takes: number
}

function expectWhole(arrivals: readonly Arrival[], maxBytes: number): void {
  const queues = new LaneQueues()
  const members = (['critical', 'normal', 'normal', 'background'] as const).map(member)
  const sent = members.map(() => 0)
  const told = new Map(members.map((one) => [one, 0]))
  const take = (turn: Turn) => {
    const { from, to } = hear(turn)
    expect(from).toBe(told.get(memberOf(turn)))
    told.set(memberOf(turn), to)
  }
  for (const { who, size, takes } of arrivals) {
    const to = (sent[who] ?? 0) + 1
    sent[who] = to
    queues.enqueue(frame(members[who] as Member, to, size), maxBytes)
    for (const turn of turns(queues, takes)) take(turn)
  }
  for (const turn of drain(queues)) take(turn)
  expect([...told.values()]).toEqual(sent)
}

describe('turns', () => {
  test('are shared 16:8:4:2:1 by lanes that all have something to send', () => {
    const queues = new LaneQueues()
    for (const lane of lanes) queues.behind(member(lane))
    const rounds = 50
    const taken = turns(queues, 31 * rounds).map(laneOf)
    const count = (lane: Lane) => taken.filter((one) => one === lane).length
    expect(lanes.map(count)).toEqual([16, 8, 4, 2, 1].map((weight) => weight * rounds))
  })

  test('of a lane come at even distances', () => {
    const queues = new LaneQueues()
    for (const lane of lanes) queues.behind(member(lane))
    const taken = turns(queues, 310).map(laneOf)
    for (let begin = 0; begin + 31 <= taken.length; begin++)
      expect(taken.slice(begin, begin + 31)).toContain('background')
    for (let begin = 0; begin + 3 <= taken.length; begin++)
      expect(taken.slice(begin, begin + 3)).toContain('critical')
  })

  test('of absent lanes go to the others', () => {
    const queues = new LaneQueues()
    queues.behind(member('low'))
    queues.behind(member('background'))
    const taken = turns(queues, 300).map(laneOf)
    expect(taken.filter((lane) => lane === 'low')).toHaveLength(200)
  })

  test('come to every lane that waits, however others come and go', () => {
    const steps = fc.array(fc.array(fc.constantFrom(...lanes), { maxLength: 5 }), {
      minLength: 200,
      maxLength: 400,
      size: 'max',
    })
    fc.assert(
      fc.property(steps, fc.constantFrom(...lanes), (rounds, patient) => {
        const queues = new LaneQueues()
        const visitors = lanes.filter((lane) => lane !== patient).map(member)
        const waiting = member(patient)
        queues.behind(waiting)
        let since = 0
        for (const round of rounds) {
          for (const visitor of visitors) comeOrGo(queues, visitor, round)
          since = memberOf(queues.next() as Turn) === waiting ? 0 : since + 1
          expect(since).toBeLessThanOrEqual(62)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('of one lane go round its members', () => {
    const queues = new LaneQueues()
    const members = [member('low'), member('low'), member('low')]
    for (const one of [...members, ...members]) queues.behind(one)
    expect(turns(queues, 6).map(memberOf)).toEqual([...members, ...members])
    queues.caughtUp(members[1] as Member)
    expect(turns(queues, 4).map(memberOf)).toEqual([members[0], members[2], members[0], members[2]])
  })

  test('state goes first, then what was shed, then frames, then those who read the log', () => {
    const queues = new LaneQueues()
    const one = member('normal')
    queues.behind(one)
    queues.enqueue(frame(one, 2), 100)
    queues.shed(one, 0, 1)
    queues.behindInState(one)
    expect(turns(queues, 5).map(({ what }) => what)).toEqual([
      'state',
      'dropped',
      'frame',
      'member',
      'member',
    ])
  })

  test('an empty queue has none', () => {
    const queues = new LaneQueues()
    expect(queues.next()).toBeUndefined()
    expect(queues.isEmpty).toBe(true)
    expect(queues.hasQueue).toBe(false)
    queues.behind(member('low'))
    expect(queues.isEmpty).toBe(false)
    expect(queues.hasQueue).toBe(false)
  })
})

describe('shedding', () => {
  test('takes the oldest of the lowest lane, and says so once with the whole range', () => {
    const queues = new LaneQueues()
    const high = member('high')
    const low = member('low')
    for (let to = 1; to <= 4; to++) {
      expect(queues.enqueue(frame(high, to, 10), 80)).toBe(0)
      expect(queues.enqueue(frame(low, to, 10), 80)).toBe(0)
    }
    expect(queues.enqueue(frame(high, 5, 20), 80)).toBe(2)
    expect(low.dropped).toEqual({ from: 0, to: 2 })
    expect(high.dropped).toBeUndefined()
    expect(queues.enqueue(frame(high, 6, 30), 80)).toBe(3)
    expect(low.dropped).toEqual({ from: 0, to: 4 })
    expect(high.dropped).toEqual({ from: 0, to: 1 })
    const said = drain(queues)
    expect(said.filter(({ what }) => what === 'dropped').map(memberOf)).toEqual([high, low])
    expect(queues.isEmpty).toBe(true)
  })

  test('a frame larger than the bound is shed itself', () => {
    const queues = new LaneQueues()
    const one = member('normal')
    expect(queues.enqueue(frame(one, 1, 100), 10)).toBe(1)
    expect(queues.hasQueue).toBe(true)
    expect(drain(queues)).toEqual([{ what: 'dropped', member: one }])
  })

  test('every frame is sent or in a range that its member is told, in the order of the channel', () => {
    const arrivals = fc.array(
      fc.record({ who: fc.nat(3), size: fc.integer({ min: 1, max: 40 }), takes: fc.nat(2) }),
      { maxLength: 120 },
    )
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 0, max: 120 }), (made, maxBytes) => {
        expectWhole(made, maxBytes)
      }),
    )
  })

  test('what waits never weighs more than the bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }),
        fc.nat(150),
        (sizes, maxBytes) => {
          const queues = new LaneQueues()
          const one = member('normal')
          for (const [index, size] of sizes.entries()) queues.enqueue(frame(one, index + 1, size), maxBytes)
          const left = drain(queues).flatMap((turn) =>
            turn.what === 'frame' ? [turn.queued.frame.text.length] : [],
          )
          expect(left.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(maxBytes)
          // The newest are kept, as many as fit.
          expect(left).toEqual(sizes.slice(sizes.length - left.length))
          const more = sizes.at(-left.length - 1)
          if (more !== undefined)
            expect(left.reduce((sum, size) => sum + size, more)).toBeGreaterThan(maxBytes)
        },
      ),
    )
  })
})

describe('dropping a member', () => {
  test('forgets all that waits for it and nothing else, and frees its bytes', () => {
    const queues = new LaneQueues()
    const gone = member('normal')
    const stays = member('normal')
    for (const one of [gone, stays]) {
      queues.behind(one)
      queues.behindInState(one)
      for (let to = 3; to <= 5; to++) queues.enqueue(frame(one, to, 10), 60)
      queues.shed(one, 0, 2)
    }
    expect(queues.drop(gone)).toBe(0)
    expect(gone.dropped).toBeUndefined()
    const kinds = turns(queues, 5).map((turn) => [turn.what, memberOf(turn)])
    expect(kinds).toEqual([
      ['state', stays],
      ['dropped', stays],
      ['frame', stays],
      ['frame', stays],
      ['frame', stays],
    ])
    queues.drop(stays)
    expect(queues.isEmpty).toBe(true)
    expect(queues.enqueue(frame(stays, 6, 60), 60)).toBe(0)
  })

  test('answers where it stands: before the first event that was not sent', () => {
    const queues = new LaneQueues()
    const one = member('normal')
    expect(queues.drop(one)).toBeUndefined()
    queues.enqueue(frame(one, 8), 60)
    queues.enqueue(frame(one, 9), 60)
    expect(queues.drop(one)).toBe(7)
    queues.shed(one, 3, 5)
    queues.shed(one, 5, 6)
    expect(one.dropped).toEqual({ from: 3, to: 6 })
    expect(queues.drop(one)).toBe(3)
    expect(queues.isEmpty).toBe(true)
  })
})
