import { type ChannelEvent, ParleyError } from '@parley/protocol'
import { describe, expect, test, vi } from 'vitest'
import { settle } from '../testing/manual-clock.ts'
import { connected, eventsFrame, type Stage, stage } from '../testing/scripted-server.ts'
import type { Subscribed, SubscribeOptions, Subscription } from './subscription.ts'

const channel = 'room:a'

interface Heard {
  readonly subscription: Subscription
  readonly data: unknown[]
  readonly calls: unknown[][]
}

/** A subscription that notes what its handlers are told. */
function listen({ client }: Stage, options: SubscribeOptions = {}): Heard {
  const data: unknown[] = []
  const calls: unknown[][] = []
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      calls.push([name, ...args])
  const subscription = client.subscribe(channel, {
    onEvent: (event: ChannelEvent) => data.push(event.data),
    onRecovered: note('recovered'),
    onUnrecovered: note('unrecovered'),
    onDropped: note('dropped'),
    onError: note('error'),
    onUnsubscribed: note('unsubscribed'),
    ...options,
  })
  return { subscription, data, calls }
}

/** Breaks the link and connects again. */
async function comeBack({ server, clock }: Stage): Promise<void> {
  await server.last.close()
  await clock.advance(1_000)
  await server.last.accept({ resumed: true })
}

describe('subscribing', () => {
  test('the position comes with the reply, before any event; events follow with ids, offsets and times', async () => {
    const made = await connected()
    const events: ChannelEvent[] = []
    const subscription = made.client.subscribe(channel, { recent: 3, onEvent: (event) => events.push(event) })
    expect([subscription.status, subscription.position]).toEqual(['subscribing', undefined])
    await settle()
    const frame = await made.server.last.admit({ position: { epoch: 'e1', offset: 4 }, head: 5 })
    expect(frame).toEqual({ op: 'subscribe', id: frame.id, channel, recent: 3 })
    expect(await subscription.ready).toEqual({ position: { epoch: 'e1', offset: 4 }, head: 5 })
    expect([subscription.status, subscription.position?.offset]).toEqual(['subscribed', 4])
    await made.server.last.events(channel, 4, 'x')
    expect(events).toEqual([{ id: 'e1-5', channel, type: 'message', data: 'x', offset: 5, at: 5 }])
    expect(subscription.position).toEqual({ epoch: 'e1', offset: 5 })
  })

  test('a refusal for good is told once; the promise may be ignored', async () => {
    const made = await connected()
    const { subscription, calls } = listen(made)
    await settle()
    await made.server.last.refuse(made.server.last.next('subscribe').id, new ParleyError('forbidden'))
    expect(calls).toEqual([['error', expect.objectContaining({ code: 'forbidden' })]])
    expect(subscription.status).toBe('unsubscribed')
    await expect(subscription.ready).rejects.toMatchObject({ code: 'forbidden' })
    await comeBack(made)
    expect(made.server.last.all('subscribe')).toEqual([])
  })

  test('"later" is obeyed; `already_subscribed` is ended and asked for again', async () => {
    const made = await connected()
    const { subscription } = listen(made)
    await settle()
    const { last } = made.server
    await last.refuse(
      last.next('subscribe').id,
      new ParleyError('overloaded', 'Full.', { retryAfterMs: 2_000 }),
    )
    await made.clock.advance(2_000)
    expect(last.all('subscribe')).toEqual([])
    await made.clock.advance(500)
    await last.refuse(last.next('subscribe').id, new ParleyError('already_subscribed'))
    await made.clock.advance(1_000)
    last.next('unsubscribe')
    await last.admit()
    expect(subscription.status).toBe('subscribed')
  })

  test('unsubscribe(), also by a signal: no handler is called, the server is told, and what was under way is left out', async () => {
    const made = await connected()
    const abort = new AbortController()
    const { subscription, data } = listen(made, { signal: abort.signal })
    await settle()
    await made.server.last.admit()
    abort.abort()
    expect(subscription.status).toBe('unsubscribed')
    await made.server.last.events(channel, 0, 'late')
    made.server.last.next('unsubscribe')
    expect(data).toEqual([])
    subscription.unsubscribe()
    const aborted = listen(made, { signal: AbortSignal.abort() })
    await settle()
    expect(aborted.subscription.status).toBe('unsubscribed')
  })

  test('a filter that is none is refused at once', async () => {
    const made = stage()
    expect(() => made.client.subscribe(channel, { filter: { field: 'nonsense', eq: 1 } })).toThrow(
      '`field` is',
    )
  })

  test('a filter that the server leaves to the client runs here', async () => {
    const made = await connected()
    const { data, subscription } = listen(made, { filter: { field: 'data.size', gt: 5 } })
    await settle()
    await made.server.last.admit({ filter: 'client' })
    await made.server.last.events(channel, 0, { size: 3 }, { size: 8 }, { size: 1 })
    expect([data, subscription.position?.offset]).toEqual([[{ size: 8 }], 3])
  })
})

describe('recovery', () => {
  test('after a loss every channel is asked for from the place held, right behind the connect frame', async () => {
    const made = await connected()
    const { data, calls } = listen(made)
    made.client.subscribe('room:b')
    await settle()
    await made.server.last.admit()
    await made.server.last.admit({ position: { epoch: 'eb', offset: 9 } })
    await made.server.last.events(channel, 0, 1, 2)
    await made.server.last.close()
    await made.clock.advance(1_000)
    await made.server.last.open()
    expect(made.server.last.frames.map(({ op }) => op)).toEqual(['connect', 'subscribe', 'subscribe'])
    expect(made.server.last.messages).toHaveLength(1)
    await made.server.last.accept({ resumed: false })
    const frame = await made.server.last.admit({ head: 4 })
    expect(frame.from).toEqual({ epoch: 'e1', offset: 2 })
    await made.server.last.events(channel, 2, 3, 4)
    expect(data).toEqual([1, 2, 3, 4])
    expect(calls).toEqual([['recovered', { position: { epoch: 'e1', offset: 2 }, head: 4, recovered: true }]])
  })

  test('a client that received nothing resumes from the position of the reply', async () => {
    const made = await connected()
    listen(made)
    await settle()
    await made.server.last.admit({ position: { epoch: 'e1', offset: 7 } })
    await comeBack(made)
    expect((await made.server.last.admit()).from).toEqual({ epoch: 'e1', offset: 7 })
  })

  test('the position advances where nothing matched', async () => {
    const made = await connected()
    const { subscription } = listen(made)
    await settle()
    await made.server.last.admit()
    await made.server.last.send({ ...eventsFrame(channel, 0), position: 30 })
    expect(subscription.position?.offset).toBe(30)
    await comeBack(made)
    expect((await made.server.last.admit()).from?.offset).toBe(30)
  })

  test('what is at or below the position is left out', async () => {
    const made = await connected()
    const { data } = listen(made)
    await settle()
    await made.server.last.admit()
    await made.server.last.events(channel, 0, 1, 2, 3)
    await made.server.last.events(channel, 1, 2, 3, 4)
    await made.server.last.events(channel, 0, 1)
    await made.server.last.events(channel, 4, 5)
    expect(data).toEqual([1, 2, 3, 4, 5])
  })

  test('a gap is never jumped: the channel is asked for from its own place, and nothing is handed over until then', async () => {
    const made = await connected()
    const { data, subscription } = listen(made)
    await settle()
    const { last } = made.server
    await last.admit()
    await last.events(channel, 0, 1)
    await last.send(eventsFrame(channel, 3, 4), eventsFrame(channel, 4, 5))
    expect([data, subscription.position?.offset, subscription.status]).toEqual([[1], 1, 'subscribing'])
    last.next('unsubscribe')
    expect((await last.admit({ head: 5 })).from).toEqual({ epoch: 'e1', offset: 1 })
    await last.events(channel, 1, 2, 3, 4, 5)
    expect(data).toEqual([1, 2, 3, 4, 5])
  })

  test('a server that leaves gaps again and again is not asked in a loop', async () => {
    const made = await connected()
    listen(made)
    await settle()
    const { last } = made.server
    await last.admit()
    let asked = 0
    for (let round = 0; round < 20; round++) {
      await last.events(channel, 50, 51)
      if (last.all('subscribe').length === 0) continue
      asked += 1
      await last.admit()
    }
    expect(asked).toBe(1)
  })

  test.each(['epoch_changed', 'position_expired', 'position_ahead'] as const)(
    'not recovered (%s): told once, then on from the new place',
    async (reason) => {
      const made = await connected()
      const { data, calls, subscription } = listen(made)
      await settle()
      await made.server.last.admit()
      await made.server.last.events(channel, 0, 'old')
      await comeBack(made)
      const position = { epoch: reason === 'epoch_changed' ? 'e2' : 'e1', offset: 0 }
      await made.server.last.admit({ recovered: false, reason, position, head: 0 })
      expect(calls).toEqual([['unrecovered', { reason, position, head: 0 }]])
      await made.server.last.events(channel, 0, 'new')
      expect([data, subscription.position]).toEqual([['old', 'new'], { ...position, offset: 1 }])
    },
  )

  test('an answer to a position without a verdict counts as not recovered', async () => {
    const made = await connected()
    const { calls } = listen(made, { from: { epoch: 'e1', offset: 3 } })
    await settle()
    const frame = made.server.last.next('subscribe')
    await made.server.last.ok(frame.id, { position: { epoch: 'e1', offset: 3 }, head: 3 })
    expect(calls[0]?.[1]).toMatchObject({ reason: 'continuity_unverifiable' })
  })

  test('another epoch in the middle of the stream is asked about, not believed', async () => {
    const made = await connected()
    const { data } = listen(made)
    await settle()
    const { last } = made.server
    await last.admit()
    await last.send({ ...eventsFrame(channel, 0, 1), epoch: 'e2' })
    expect([data, last.next('subscribe').from]).toEqual([[], { epoch: 'e1', offset: 0 }])
  })

  test('`dropped` is told and moves the position; ephemeral events without positions all arrive', async () => {
    const made = await connected()
    const { data, calls } = listen(made)
    await settle()
    const { last } = made.server
    await last.admit()
    await last.send({ op: 'dropped', channel, from: 1, to: 5, reason: 'slow_consumer' })
    await last.events(channel, 5, 'next')
    expect(calls).toEqual([['dropped', { from: 1, to: 5, reason: 'slow_consumer' }]])
    const events = [{ type: 'message', data: 'tick', offset: 0 }]
    for (let count = 0; count < 2; count++)
      await last.send({ op: 'events', channel, prev: 6, position: 6, at: 1, events })
    expect(data).toEqual(['next', 'tick', 'tick'])
  })

  test('`unsubscribed`: for a while, and for good', async () => {
    const made = await connected()
    const { calls, subscription } = listen(made)
    await settle()
    const { last } = made.server
    await last.admit()
    await last.send({
      op: 'unsubscribed',
      channel,
      code: 'position_expired',
      message: 'Old.',
      resubscribe: true,
    })
    expect(subscription.status).toBe('subscribing')
    await made.clock.advance(500)
    expect((await last.admit()).from).toEqual({ epoch: 'e1', offset: 0 })
    await last.send({
      op: 'unsubscribed',
      channel,
      code: 'forbidden',
      message: 'Kicked.',
      resubscribe: false,
    })
    expect(calls.at(-1)).toEqual(['unsubscribed', { code: 'forbidden', message: 'Kicked.' }])
    expect(subscription.status).toBe('unsubscribed')
    await comeBack(made)
    expect(made.server.last.all('subscribe')).toEqual([])
  })

  test('disconnect() and connect(): the subscription goes on from its place', async () => {
    const made = await connected()
    listen(made)
    await settle()
    await made.server.last.admit({ position: { epoch: 'e1', offset: 2 } })
    made.client.disconnect()
    void made.client.connect()
    await settle()
    await made.server.last.accept()
    expect((await made.server.last.admit()).from?.offset).toBe(2)
  })
})

describe('handlers', () => {
  test('one that throws is reported, and the stream goes on', async () => {
    const made = await connected()
    const errors = vi.fn()
    made.client.on('error', errors)
    const { data, subscription } = listen(made, {
      onEvent: ({ data: item }) => {
        data.push(item)
        if (item === 2) throw new Error('mine')
      },
    })
    await settle()
    await made.server.last.admit()
    await made.server.last.events(channel, 0, 1, 2, 3)
    expect([data, subscription.position?.offset]).toEqual([[1, 2, 3], 3])
    expect(errors).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'mine' }))
  })

  test('one that unsubscribes hears nothing more; the place is after the last event handed over', async () => {
    const made = await connected()
    const { data, subscription } = listen(made, {
      onEvent: ({ data: item }) => {
        data.push(item)
        if (item === 2) subscription.unsubscribe()
      },
    })
    await settle()
    await made.server.last.admit()
    await made.server.last.events(channel, 0, 1, 2, 3)
    expect([data, subscription.position?.offset]).toEqual([[1, 2], 2])
  })
})

describe('several subscriptions to one channel', () => {
  test('share one on the wire; the last one leaving ends it', async () => {
    const made = await connected()
    const [first, second] = [listen(made), listen(made)]
    await settle()
    const { last } = made.server
    await last.admit()
    expect(last.all('subscribe')).toEqual([])
    const third = listen(made)
    expect(third.subscription.status).toBe('subscribed')
    await last.events(channel, 0, 'x')
    expect([first.data, second.data, third.data]).toEqual([['x'], ['x'], ['x']])
    first.subscription.unsubscribe()
    second.subscription.unsubscribe()
    await settle()
    expect(last.all('unsubscribe')).toEqual([])
    third.subscription.unsubscribe()
    await settle()
    expect(last.all('unsubscribe')).toHaveLength(1)
  })

  test('one that begins further back brings nothing twice to the others', async () => {
    const made = await connected()
    const first = listen(made)
    await settle()
    const { last } = made.server
    await last.admit({ position: { epoch: 'e1', offset: 10 } })
    await last.events(channel, 10, 11)
    const second = listen(made, { recent: 2 })
    await settle()
    const frame = await last.admit({ position: { epoch: 'e1', offset: 9 }, head: 11 })
    expect([frame.recent, frame.from]).toEqual([2, undefined])
    await last.events(channel, 9, 10, 11, 12)
    expect([first.data, second.data]).toEqual([
      [11, 12],
      [10, 11, 12],
    ])
    const third = listen(made, { from: { epoch: 'e1', offset: 3 } })
    await settle()
    expect((await last.admit({ head: 12 })).from?.offset).toBe(3)
    await last.events(channel, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    expect([first.data.length, second.data.length, third.data.length]).toEqual([2, 3, 9])
  })

  test('one whose place is older than the others can get is told so, alone', async () => {
    const made = await connected()
    const first = listen(made)
    await settle()
    const { last } = made.server
    await last.admit({ position: { epoch: 'e1', offset: 100 } })
    const second = listen(made, { from: { epoch: 'e1', offset: 5 } })
    await settle()
    const position = { epoch: 'e1', offset: 103 }
    await last.admit({ recovered: false, reason: 'position_expired', position, head: 103 })
    // The first has missed 101..103 and asks for them.
    expect((await last.admit({ head: 103 })).from?.offset).toBe(100)
    await last.events(channel, 100, 101, 102, 103)
    expect([first.data, first.calls.map(([name]) => name)]).toEqual([[101, 102, 103], ['recovered']])
    expect([second.data, second.calls.map(([name]) => name)]).toEqual([[], ['unrecovered', 'recovered']])
  })

  test('different filters run here, each for its own', async () => {
    const made = await connected()
    const odd = listen(made, { filter: { field: 'data.odd', eq: true } })
    const all = listen(made)
    await settle()
    const { last } = made.server
    expect(last.frames.map(({ op }) => op)).toEqual(['subscribe', 'unsubscribe', 'subscribe'])
    last.next('subscribe')
    expect((await last.admit()).filter).toBeUndefined()
    await last.events(channel, 0, { odd: true }, { odd: false })
    expect([odd.data.length, all.data.length]).toEqual([1, 2])
  })
})

test('how many are here: with the reply, then as it changes, for those who asked', async () => {
  const made = await connected()
  const told: unknown[] = []
  const counting = listen(made, { occupancy: true, onOccupancy: (counts) => told.push(counts) })
  const other = listen(made)
  await settle()
  const { last } = made.server
  expect((await last.admit({ occupancy: { sessions: 3, users: 2 } })).occupancy).toBe(true)
  await last.send({ op: 'occupancy', channel, sessions: 4, users: 3 })
  expect(told).toEqual([
    { sessions: 3, users: 2 },
    { sessions: 4, users: 3 },
  ])
  expect(counting.subscription.occupancy).toEqual({ sessions: 4, users: 3 })
  expect(other.subscription.occupancy).toBeUndefined()
})

describe('keyed state', () => {
  const someone = { key: 's9|presence', name: 'presence', session: 's9', user: 'bob', value: {} }

  test('snapshot with the reply, pages, changes, and a new snapshot after a gap', async () => {
    const made = await connected()
    const changes: unknown[] = []
    const { subscription } = listen(made, {
      state: true,
      onState: ({ entries, whole }) => changes.push([[...entries.keys()], whole]),
    })
    await settle()
    const { last } = made.server
    const state = { instance: 'i', version: 3, entries: [someone], total: 2, next: 'p' }
    expect((await last.admit({ state })).state).toBe(true)
    const page = last.next('state')
    expect(page).toMatchObject({ channel, after: 'p' })
    await last.ok(page.id, { instance: 'i', version: 3, entries: [{ ...someone, key: 'k2' }], total: 2 })
    const change = { op: 'state' as const, channel, instance: 'i', set: [], removed: [] }
    await last.send({ ...change, prev: 3, version: 4, removed: ['k2'] })
    await last.send({ ...change, prev: 6, version: 7 })
    const again = last.next('state')
    expect(again.after).toBeUndefined()
    await last.ok(again.id, { instance: 'i', version: 7, entries: [], total: 0 })
    expect(changes).toEqual([
      [['s9|presence'], true],
      [['s9|presence', 'k2'], true],
      [['s9|presence'], false],
      [[], true],
    ])
    expect(subscription.state.size).toBe(0)
  })

  test('own entries: the newest value counts, and is set again after a reconnect', async () => {
    const made = await connected()
    const { subscription } = listen(made)
    const early = subscription.setState('typing', 1)
    await settle()
    expect(made.server.last.all('set')).toEqual([])
    await made.server.last.admit()
    const set = made.server.last.next('set')
    expect(set).toMatchObject({ channel, name: 'typing', value: 1 })
    await made.server.last.ok(set.id, {})
    await early
    await made.server.last.close()
    const both = Promise.all([
      made.client.setState(channel, 'typing', 2),
      made.client.setState(channel, 'typing', 3),
    ])
    await made.clock.advance(1_000)
    await made.server.last.accept()
    await made.server.last.admit()
    const again = made.server.last.next('set')
    expect([again.value, made.server.last.all('set')]).toEqual([3, []])
    await made.server.last.ok(again.id, {})
    await both
    const gone = subscription.setState('typing', null)
    await settle()
    await made.server.last.ok(made.server.last.next('set').id, {})
    await gone
    await made.server.last.close()
    await made.clock.advance(1_000)
    await made.server.last.accept()
    await made.server.last.admit()
    expect(made.server.last.all('set')).toEqual([])
  })

  test('a refused entry is told, and not set again', async () => {
    const made = await connected()
    const { subscription } = listen(made)
    await settle()
    await made.server.last.admit()
    const refused = expect(subscription.setState('x', 1)).rejects.toMatchObject({ code: 'forbidden' })
    await settle()
    await made.server.last.refuse(made.server.last.next('set').id, new ParleyError('forbidden'))
    await refused
    await comeBack(made)
    await made.server.last.admit()
    expect(made.server.last.all('set')).toEqual([])
    await expect(made.client.setState('room:elsewhere', 'x', 1)).rejects.toMatchObject({
      code: 'not_subscribed',
    })
    subscription.unsubscribe()
    await expect(subscription.setState('x', 1)).rejects.toMatchObject({ code: 'not_subscribed' })
  })

  test('an entry that crosses the end of a subscription is set with the next one', async () => {
    const made = await connected()
    const { subscription } = listen(made)
    await settle()
    await made.server.last.admit()
    const set = subscription.setState('mood', 1)
    await settle()
    const { id } = made.server.last.next('set')
    await made.server.last.send({
      op: 'unsubscribed',
      ...{ channel, code: 'position_expired', message: 'Again.', resubscribe: true },
    })
    await made.server.last.refuse(id, new ParleyError('not_subscribed'))
    await made.clock.advance(1_000)
    await made.server.last.admit()
    const again = made.server.last.next('set')
    expect(again.value).toBe(1)
    await made.server.last.ok(again.id, {})
    await set
  })
})

test('of two subscriptions that go on together, each is told where it stands itself', async () => {
  const made = await connected()
  const behind = listen(made, { from: { epoch: 'e1', offset: 3 } })
  const ahead = listen(made, { from: { epoch: 'e1', offset: 7 } })
  await settle()
  await made.server.last.admit({ position: { epoch: 'e1', offset: 3 }, head: 9, recovered: true })
  const told = ({ calls }: Heard) =>
    calls.map(([name, outcome]) => [name, (outcome as Subscribed).position.offset])
  expect([told(behind), told(ahead)]).toEqual([[['recovered', 3]], [['recovered', 7]]])
})

test('a place behind what a node has heard of when it was asked for another is asked for by itself', async () => {
  const made = await connected()
  const behind = listen(made, { from: { epoch: 'e1', offset: 3 } })
  const ahead = listen(made, { from: { epoch: 'e1', offset: 7 } })
  await settle()
  const { last } = made.server
  await last.admit({ position: { epoch: 'e1', offset: 3 }, head: 5, recovered: true })
  expect(ahead.calls).toEqual([])
  const asked = await last.admit({ position: { epoch: 'e1', offset: 7 }, head: 8, recovered: true })
  expect(asked).toMatchObject({ from: { epoch: 'e1', offset: 7 } })
  await made.clock.advance(1_000)
  const again = await last.admit({ position: { epoch: 'e1', offset: 3 }, head: 8, recovered: true })
  expect(again).toMatchObject({ from: { epoch: 'e1', offset: 3 } })
  await last.events(channel, 3, 'd', 'e', 'f', 'g', 'h')
  expect([behind.data, ahead.data]).toEqual([['d', 'e', 'f', 'g', 'h'], ['h']])
  expect(ahead.calls.every(([name]) => name === 'recovered')).toBe(true)
})
