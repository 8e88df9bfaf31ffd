import type { ChannelEvent, Client, Subscribed, SubscribeOptions, Subscription } from '@parley/client'
import { ParleyError } from '@parley/client'
import { describe, expect, test, vi } from 'vitest'
import { type ChannelOptions, ChannelView } from './channel-view.ts'

const event = { channel: 'room:a', type: 'message', data: null, at: 1 }

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

interface Call {
  readonly command: string
  readonly input: Record<string, unknown>
  readonly options: { readonly key?: string } | undefined
  answer(value: unknown): Promise<void>
  refuse(error: ParleyError): Promise<void>
}

/** A client whose answers are the test's. */
class Fake {
  readonly subscriptions: FakeSubscription[] = []
  readonly calls: Call[] = []
  #ids = 0

  readonly client = {
    newId: () => {
      this.#ids += 1
      return `id${this.#ids}`
    },
    subscribe: (channel: string, options: SubscribeOptions) => {
      const subscription = new FakeSubscription(channel, options)
      this.subscriptions.push(subscription)
      return subscription
    },
    call: (command: string, input: Record<string, unknown>, options: Call['options']) =>
      new Promise((resolve, reject) => {
        const then = (settled: () => void) => {
          settled()
          return settle()
        }
        this.calls.push({
          command,
          input,
          options,
          answer: (value) => then(() => resolve(value)),
          refuse: (error) => then(() => reject(error)),
        })
      }),
  } as unknown as Client

  get subscription(): FakeSubscription {
    return this.subscriptions.at(-1)!
  }
}

class FakeSubscription implements Subscription {
  readonly channel: string
  readonly options: SubscribeOptions
  readonly state = new Map()
  readonly occupancy = undefined
  readonly ready: Promise<Subscribed>
  status: Subscription['status'] = 'subscribing'
  position: Subscription['position']
  #ready: (subscribed: Subscribed) => void = () => undefined

  constructor(channel: string, options: SubscribeOptions) {
    this.channel = channel
    this.options = options
    this.ready = new Promise((resolve) => {
      this.#ready = resolve
    })
  }

  async begin(offset: number, head = offset): Promise<void> {
    this.position = { epoch: 'e', offset }
    this.#ready({ position: this.position, head })
    this.options.onStatus?.('subscribed')
    await settle()
  }

  async hand(...events: (Partial<ChannelEvent> & { readonly offset: number })[]): Promise<void> {
    for (const event of events) {
      this.options.onEvent?.({
        id: `e-${event.offset}`,
        channel: this.channel,
        type: 'message',
        data: null,
        at: 1,
        ...event,
      })
      this.position = { epoch: 'e', offset: event.offset }
    }
    await settle()
  }

  setState = vi.fn(() => Promise.resolve())
  unsubscribe(): void {
    this.status = 'unsubscribed'
  }
}

async function watching(options: ChannelOptions = {}) {
  const fake = new Fake()
  const view = new ChannelView(fake.client, 'room:a', options)
  const tell = vi.fn()
  const stop = view.watch(tell)
  await settle()
  return { fake, view, tell, stop, offsets: () => view.snapshot.events.map(({ offset }) => offset) }
}

describe('a channel for components', () => {
  test('making one subscribes to nothing; the first watcher does, leaving and coming back in one turn keeps it', async () => {
    const fake = new Fake()
    const view = new ChannelView(fake.client, 'room:a', {})
    expect(fake.subscriptions).toEqual([])
    view.watch(() => undefined)()
    const stop = view.watch(() => undefined)
    await settle()
    expect(fake.subscriptions).toHaveLength(1)
    expect(fake.subscription.options).toMatchObject({ recent: 50, state: true })
    stop()
    await settle()
    expect(fake.subscription.status).toBe('unsubscribed')
  })

  test('events of one turn are told once, each time as new arrays, and only what changed is new', async () => {
    const { fake, view, tell, offsets } = await watching()
    await fake.subscription.begin(0)
    tell.mockClear()
    const before = view.snapshot
    await fake.subscription.hand({ offset: 1 }, { offset: 2 })
    expect([tell.mock.calls.length, offsets()]).toEqual([1, [1, 2]])
    expect(view.snapshot.events).not.toBe(before.events)
    expect(view.snapshot.state).toBe(before.state)
    expect(view.snapshot.presence).toBe(before.presence)
  })

  test('coming back later resumes from where it was left', async () => {
    const { fake, view, stop, offsets } = await watching()
    await fake.subscription.begin(0)
    await fake.subscription.hand({ offset: 1 })
    stop()
    await settle()
    view.watch(() => undefined)
    expect(fake.subscription.options.from).toEqual({ epoch: 'e', offset: 1 })
    await fake.subscription.begin(1)
    await fake.subscription.hand({ offset: 2 })
    expect(offsets()).toEqual([1, 2])
  })

  test('the list is bounded; pages that were asked for stay beside it', async () => {
    const { fake, view, offsets } = await watching({ limit: 3 })
    await fake.subscription.begin(10)
    expect(view.snapshot.hasOlder).toBe(true)
    await fake.subscription.hand(...[11, 12, 13, 14].map((offset) => ({ offset })))
    expect(offsets()).toEqual([12, 13, 14])
    const loading = view.loadOlder(2)
    expect(view.loadOlder(2)).toBe(loading)
    await settle()
    expect(view.snapshot.isLoadingOlder).toBe(true)
    expect(fake.calls[0]?.input).toEqual({ channel: 'room:a', before: 12, limit: 2 })
    await fake.calls[0]?.answer({
      events: [
        { offset: 10, type: 'message' },
        { offset: 11, type: 'message' },
      ],
      next: 10,
    })
    expect(await loading).toBe(true)
    await fake.subscription.hand({ offset: 15 })
    expect([offsets(), view.snapshot.isLoadingOlder]).toEqual([[11, 12, 13, 14, 15], false])
  })

  test('a page that no longer fits is left out: there is never a hole', async () => {
    const { fake, view, offsets } = await watching({ limit: 2 })
    await fake.subscription.begin(10)
    await fake.subscription.hand({ offset: 11 }, { offset: 12 })
    const loading = view.loadOlder()
    await fake.subscription.hand({ offset: 13 })
    await fake.calls[0]?.answer({ events: [{ offset: 10, type: 'message' }] })
    expect(await loading).toBe(true)
    expect(offsets()).toEqual([12, 13])
  })

  test('under a filter an empty page moves the cursor', async () => {
    const { fake, view } = await watching({ filter: { field: 'type', eq: 'x' } })
    await fake.subscription.begin(100)
    const first = view.loadOlder()
    await fake.calls[0]?.answer({ events: [], next: 60 })
    expect(await first).toBe(true)
    const second = view.loadOlder()
    expect(fake.calls[1]?.input.before).toBe(60)
    await fake.calls[1]?.answer({ events: [] })
    expect(await second).toBe(false)
  })

  test('history that cannot be read is told', async () => {
    const { fake, view } = await watching()
    await fake.subscription.begin(5)
    void view.loadOlder()
    const error = new ParleyError('forbidden')
    await fake.calls[0]?.refuse(error)
    expect(view.snapshot).toMatchObject({ error, isLoadingOlder: false })
  })

  test('a redacted event loses its words and keeps its place, live and in pages', async () => {
    const { fake, view, offsets } = await watching()
    await fake.subscription.begin(0)
    await fake.subscription.hand(
      { offset: 1, data: 'secret', tags: { who: 'x' } },
      { offset: 2, type: 'channels.redacted', data: { offset: 1 } },
      { offset: 3 },
    )
    expect(offsets()).toEqual([1, 3])
    expect(view.snapshot.events[0]).toMatchObject({ data: null, redacted: true })
    expect(JSON.stringify(view.snapshot)).not.toContain('secret')
    expect(view.snapshot.events[0]).not.toHaveProperty('tags')
  })

  test('not recovered: the list begins anew with the newest page', async () => {
    const { fake, view, offsets } = await watching()
    await fake.subscription.begin(0)
    await fake.subscription.hand({ offset: 1 })
    const late = view.loadOlder()
    fake.subscription.position = { epoch: 'f', offset: 80 }
    fake.subscription.options.onUnrecovered?.({
      reason: 'epoch_changed',
      position: { epoch: 'f', offset: 80 },
      head: 80,
    })
    await settle()
    expect(offsets()).toEqual([])
    const page = fake.calls.at(-1)
    expect(page?.input).toEqual({ channel: 'room:a', before: 81, limit: 50 })
    await page?.answer({
      events: [
        { offset: 79, type: 'message' },
        { offset: 80, type: 'message' },
      ],
      next: 79,
    })
    await fake.subscription.hand({ offset: 81 })
    expect(offsets()).toEqual([79, 80, 81])
    void late
  })

  test('state is a new map on each change; presence is what is named so', async () => {
    const { fake, view } = await watching()
    const { state } = fake.subscription
    const change = { entries: state, set: [], removed: [], whole: false }
    state.set('a|presence', { key: 'a|presence', name: 'presence', session: 'a', value: {} })
    state.set('a|mood', { key: 'a|mood', name: 'mood', session: 'a', value: 'good' })
    fake.subscription.options.onState?.(change)
    await settle()
    const { state: first, presence } = view.snapshot
    expect([first.size, presence.map(({ name }) => name)]).toEqual([2, ['presence']])
    state.delete('a|mood')
    fake.subscription.options.onState?.(change)
    await settle()
    expect([first.size, view.snapshot.state.size]).toEqual([2, 1])
  })

  test('a refused subscription is told; watching again asks again', async () => {
    const { fake, view } = await watching()
    const error = new ParleyError('forbidden')
    fake.subscription.options.onError?.(error)
    await settle()
    expect(view.snapshot).toMatchObject({ status: 'unsubscribed', error })
    await expect(view.setState('x', 1)).rejects.toMatchObject({ code: 'not_subscribed' })
    view.watch(() => undefined)
    expect(fake.subscriptions).toHaveLength(2)
  })
})

describe('outgoing', () => {
  test('a published event is shown until it comes back, once', async () => {
    const { fake, view, offsets } = await watching()
    await fake.subscription.begin(0)
    void view.publish('hi', { tags: { a: 'b' } })
    await settle()
    expect(view.snapshot.outgoing).toEqual([{ id: 'id1', type: 'message', data: 'hi', sent: false }])
    expect(fake.calls[0]).toMatchObject({
      command: 'channels.publish',
      input: { channel: 'room:a', type: 'message', data: 'hi', id: 'id1', tags: { a: 'b' } },
      options: { key: 'id1' },
    })
    await fake.calls[0]?.answer({ id: 'id1', epoch: 'e', offset: 1 })
    expect(view.snapshot.outgoing).toMatchObject([{ sent: true }])
    await fake.subscription.hand({ offset: 1, id: 'id1', data: 'hi' })
    expect([view.snapshot.outgoing, offsets()]).toEqual([[], [1]])
  })

  test('the event may come back before the answer', async () => {
    const { fake, view } = await watching()
    await fake.subscription.begin(0)
    void view.publish('hi')
    await fake.subscription.hand({ offset: 1, id: 'id1' })
    await fake.calls[0]?.answer({ id: 'id1', epoch: 'e', offset: 1 })
    expect(view.snapshot.outgoing).toEqual([])
  })

  test('what a filter holds back leaves when its place has gone by', async () => {
    const { fake, view } = await watching()
    await fake.subscription.begin(0)
    void view.publish('hi')
    await fake.subscription.hand({ offset: 9 })
    await fake.calls[0]?.answer({ id: 'id1', epoch: 'e', offset: 8 })
    expect(view.snapshot.outgoing).toEqual([])
  })

  test('a failed event stays with its reason; it is sent again under the same key, or discarded', async () => {
    const { fake, view } = await watching()
    const failed = expect(view.publish('hi')).rejects.toMatchObject({ code: 'timeout' })
    await fake.calls[0]?.refuse(new ParleyError('timeout'))
    await failed
    expect(view.snapshot.outgoing).toMatchObject([{ id: 'id1', error: { code: 'timeout' } }])
    void view.retry('id1')
    await settle()
    expect(view.snapshot.outgoing[0]).not.toHaveProperty('error')
    expect(fake.calls[1]).toMatchObject({ input: fake.calls[0]?.input, options: { key: 'id1' } })
    await expect(view.retry('id1')).rejects.toMatchObject({ code: 'not_found' })
    await fake.calls[1]?.refuse(new ParleyError('forbidden'))
    view.discard('id1')
    await settle()
    expect(view.snapshot.outgoing).toEqual([])
  })
})

describe('a page that a server has rendered', () => {
  const start = {
    events: [4, 5].map((offset) => ({ ...event, offset, id: `e-${offset}` })),
    position: { epoch: 'e', offset: 5 },
  }

  test('is shown at once, and gone on from where it ended', async () => {
    const fake = new Fake()
    const view = new ChannelView(fake.client, 'room:a', {}, { start })
    expect(view.first.events.map(({ offset }) => offset)).toEqual([4, 5])
    expect(view.snapshot).toBe(view.first)
    expect(view.first).toMatchObject({ status: 'unsubscribed', hasOlder: true })
    expect(view.whenFilled()).toBeUndefined()
    view.watch(() => undefined)
    expect(fake.subscription.options).toMatchObject({ from: start.position })
    expect(fake.subscription.options.recent).toBeUndefined()
    await fake.subscription.begin(5, 6)
    await fake.subscription.hand({ offset: 6 })
    expect(view.snapshot.events.map(({ offset }) => offset)).toEqual([4, 5, 6])
  })

  test('gives way to the newest page when what was missed is gone', async () => {
    const fake = new Fake()
    const view = new ChannelView(fake.client, 'room:a', {}, { start })
    view.watch(() => undefined)
    fake.subscription.position = { epoch: 'e', offset: 90 }
    fake.subscription.options.onUnrecovered?.({
      ...{ reason: 'position_expired', position: { epoch: 'e', offset: 90 }, head: 90 },
    })
    await fake.calls[0]?.answer({ events: [{ ...event, offset: 90, id: 'e-90' }], next: 90 })
    expect(view.snapshot.events.map(({ offset }) => offset)).toEqual([90])
  })
})

describe('a component that waits', () => {
  test('is told once the newest events are there; the same promise until then, one subscription', async () => {
    const fake = new Fake()
    const view = new ChannelView(fake.client, 'room:a', {})
    const filled = view.whenFilled()
    expect(view.whenFilled()).toBe(filled)
    let isFilled = false
    filled?.then(() => (isFilled = true))
    await fake.subscription.begin(7, 9)
    expect(isFilled).toBe(false)
    await fake.subscription.hand({ offset: 8 }, { offset: 9 })
    expect(isFilled).toBe(true)
    expect(view.whenFilled()).toBe(filled)
    expect(fake.subscriptions).toHaveLength(1)
    expect(view.isOpen).toBe(true)
  })

  test('is told when the channel cannot be subscribed', async () => {
    const fake = new Fake()
    const view = new ChannelView(fake.client, 'room:a', {})
    const filled = view.whenFilled()
    fake.subscription.options.onError?.(new ParleyError('forbidden'))
    await filled
    expect(view.snapshot.error?.code).toBe('forbidden')
  })

  test('that never comes is not waited for without end', async () => {
    vi.useFakeTimers()
    try {
      const view = new ChannelView(new Fake().client, 'room:a', {})
      const filled = view.whenFilled()
      await vi.advanceTimersByTimeAsync(10_000)
      await filled
      expect(view.isOpen).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })
})
