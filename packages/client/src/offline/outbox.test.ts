import { ParleyError } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { settle } from '../testing/manual-clock.ts'
import { connected, type Stage, stage } from '../testing/scripted-server.ts'
import { durableClient } from './durable-client.ts'
import { memoryOutboxStore } from './memory-store.ts'
import { createOutbox, type DurableOutbox, type OutboxOptions } from './outbox.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { Notice, Turns } from './turns.ts'

const hours = 60 * 60_000

function open(on: Stage, store: OutboxStore, more: Partial<OutboxOptions> = {}): DurableOutbox {
  return createOutbox({ client: on.client, clock: on.clock, store, ...more })
}

const say = (text: string, channel = 'room:a') => ({ channel, text })
const texts = ({ server }: Stage) =>
  server.last.all('call').map(({ input }) => (input as { readonly text: string }).text)
const answer = async ({ server }: Stage, value: unknown = null) =>
  server.last.ok(server.last.next('call').id, value)

describe('an outbox', () => {
  test('sends at once, is answered, and keeps nothing', async () => {
    const on = await connected()
    const store = memoryOutboxStore()
    const outbox = open(on, store)
    const sent = outbox.send('chat.send', say('hello'))
    await settle()
    expect(outbox.items).toMatchObject([{ command: 'chat.send', state: 'waiting', durable: true }])
    await answer(on, { seq: 7 })
    expect(await sent).toEqual({ seq: 7 })
    await settle()
    expect([outbox.items, await store.load()]).toEqual([[], []])
  })

  test('keeps what is written offline over a reload, and sends it once, in order, under its keys', async () => {
    const store = memoryOutboxStore()
    const before = stage()
    const first = open(before, store)
    for (let n = 1; n <= 20; n++) void first.send('chat.send', say(`${n}`))
    await settle()
    expect(first.items).toHaveLength(20)
    const ids = first.items.map(({ id }) => id)
    // The page goes without a word.
    const on = await connected()
    const outbox = open(on, store)
    await settle()
    expect(texts(on)).toEqual(ids.map((_, index) => `${index + 1}`))
    expect(on.server.last.all('call').map(({ key }) => key)).toEqual(ids)
    const last = outbox.answerTo(ids[19] as string)
    for (const _ of ids) await answer(on, 'done')
    expect(await last).toBe('done')
    await settle()
    expect(await store.load()).toEqual([])
  })

  test('sends again what it sent before a crash, under the same key', async () => {
    const store = memoryOutboxStore()
    const before = await connected()
    void open(before, store).send('chat.send', say('once'))
    await settle()
    const { key } = before.server.last.next('call')
    const on = await connected()
    open(on, store)
    await settle()
    expect(on.server.last.next('call').key).toBe(key)
  })

  test('parks what is refused, where it can be sent again or discarded; the rest goes on', async () => {
    const on = await connected()
    const store = memoryOutboxStore()
    const outbox = open(on, store)
    const [no, yes] = [outbox.send('chat.send', say('no')), outbox.send('chat.send', say('yes'))]
    await settle()
    const refused = on.server.last.next('call')
    await on.server.last.refuse(refused.id, new ParleyError('forbidden', 'Only members write here.'))
    await answer(on, 2)
    await expect(no).rejects.toMatchObject({ code: 'forbidden' })
    expect(await yes).toBe(2)
    await settle()
    expect(outbox.items).toMatchObject([{ state: 'parked', error: { message: 'Only members write here.' } }])
    expect(await store.load()).toMatchObject([{ refusal: { code: 'forbidden' } }])
    // Nothing is sent by itself, in the next life neither.
    const later = await connected()
    const next = open(later, store)
    await settle()
    expect(texts(later)).toEqual([])
    const again = next.retry(refused.key as string)
    await settle()
    expect(later.server.last.all('call')).toMatchObject([{ key: refused.key }])
    await answer(later, 3)
    expect(await again).toBe(3)
    await settle()
    expect(await store.load()).toEqual([])
  })

  test('a discarded call is gone, and whoever waits for it hears so', async () => {
    const on = stage()
    const store = memoryOutboxStore()
    const outbox = open(on, store)
    const sent = outbox.send('chat.send', say('never mind'))
    await settle()
    await outbox.discard(outbox.items[0]?.id as string)
    await expect(sent).rejects.toMatchObject({ code: 'cancelled' })
    expect([outbox.items, await store.load()]).toEqual([[], []])
  })

  test('never repeats blindly what the server may have forgotten', async () => {
    const store = memoryOutboxStore()
    const before = await connected()
    void open(before, store)
      .send('chat.send', say('perhaps'))
      .catch(() => undefined)
    const offline = stage()
    await settle()
    void open(offline, store)
      .send('chat.send', say('certainly not yet'), { id: 'k2' })
      .catch(() => undefined)
    await settle()
    const on = await connected()
    on.clock.wall += 24 * hours
    const outbox = open(on, store)
    await settle()
    expect(texts(on)).toEqual(['certainly not yet'])
    expect(outbox.items[0]).toMatchObject({ state: 'parked', error: { code: 'outcome_unknown' } })
    void outbox.retry(outbox.items[0]?.id as string)
    await settle()
    expect(texts(on)).toEqual(['certainly not yet', 'perhaps'])
  })

  test('a clock that went back says nothing of the age of a call', async () => {
    const store = memoryOutboxStore()
    void open(await connected(), store)
      .send('chat.send', say('perhaps'))
      .catch(() => undefined)
    await settle()
    const on = await connected()
    on.clock.wall -= hours
    const outbox = open(on, store)
    await settle()
    expect([texts(on), outbox.items[0]?.error?.code]).toEqual([[], 'outcome_unknown'])
  })

  test('repeats a call whose answer does not come, some times, then parks it', async () => {
    const on = await connected({ callTimeoutMs: 1_000 })
    const outbox = open(on, memoryOutboxStore())
    void outbox.send('chat.send', say('slow')).catch(() => undefined)
    await settle()
    for (let round = 0; round < 6; round++) await on.clock.advance(1_000)
    expect(new Set(on.server.last.all('call').map(({ key }) => key)).size).toBe(1)
    expect(texts(on)).toHaveLength(6)
    expect(outbox.items).toMatchObject([{ state: 'parked', error: { code: 'timeout' } }])
  })

  test('is bounded: one more is refused, and nothing is dropped', async () => {
    const outbox = open(stage(), memoryOutboxStore(), { maxItems: 2, maxLength: 1_000 })
    const kept = [outbox.send('chat.send', say('1')), outbox.send('chat.send', say('2'))]
    await expect(outbox.send('chat.send', say('3'))).rejects.toMatchObject({ code: 'overloaded' })
    await settle()
    await outbox.discard(outbox.items[0]?.id as string)
    await expect(outbox.send('chat.send', say('x'.repeat(2_000)))).rejects.toMatchObject({
      code: 'overloaded',
    })
    expect(outbox.items).toHaveLength(1)
    for (const one of kept) one.catch(() => undefined)
  })

  test('goes out in the name of its user alone', async () => {
    const store = memoryOutboxStore()
    void open(stage(), store, { user: 'ada' })
      .send('chat.send', say('of ada'))
      .catch(() => undefined)
    await settle()
    const other = await connected({}, { user: 'bob' })
    open(other, store, { user: 'ada' })
    await settle()
    expect(texts(other)).toEqual([])
    const own = await connected()
    open(own, store, { user: 'ada' })
    await settle()
    expect(texts(own)).toEqual(['of ada'])
  })

  test('waits for the next connection when the client is disconnected under it', async () => {
    const on = await connected()
    const outbox = open(on, memoryOutboxStore())
    void outbox.send('chat.send', say('later'))
    await settle()
    on.client.disconnect()
    await settle()
    expect(outbox.items).toMatchObject([{ state: 'waiting' }])
    void on.client.connect()
    await settle()
    await on.server.last.accept()
    await settle()
    expect(texts(on)).toEqual(['later'])
  })

  test('parks nothing when the client gives up connecting, and goes on when it connects', async () => {
    const on = await connected({ maxReconnectAttempts: 0 })
    const outbox = open(on, memoryOutboxStore())
    void outbox.send('chat.send', say('later'))
    await settle()
    await on.server.last.close(1006)
    await settle()
    expect(on.client.connection.error?.code).toBe('connection_failed')
    expect(outbox.items).toMatchObject([{ state: 'waiting' }])
    void on.client.connect()
    await settle()
    await on.server.last.accept()
    await settle()
    expect(texts(on)).toEqual(['later'])
  })

  test('calls nothing durable before the store has it', async () => {
    const written = Promise.withResolvers<void>()
    const store = memoryOutboxStore()
    const slow: OutboxStore = { ...store, add: (record) => written.promise.then(() => store.add(record)) }
    const outbox = open(stage(), slow)
    void outbox.send('chat.send', say('hello'))
    await settle()
    expect(outbox.items).toMatchObject([{ durable: false, state: 'waiting' }])
    written.resolve()
    await settle()
    expect(outbox.items).toMatchObject([{ durable: true, state: 'waiting' }])
  })

  test('holds in memory what the store will not take, says so, and sends it', async () => {
    const problems: unknown[] = []
    const full = async () => Promise.reject(new Error('The disk is full.'))
    const store = { ...memoryOutboxStore(), add: full }
    const on = stage()
    const outbox = open(on, store, { onProblem: (error) => problems.push(error) })
    const sent = outbox.send('chat.send', say('hello'))
    await settle()
    expect(outbox.items).toMatchObject([{ durable: false, state: 'waiting' }])
    expect(problems).toMatchObject([{ message: 'The disk is full.' }])
    void on.client.connect()
    await settle()
    await on.server.last.accept()
    await settle()
    await answer(on, 1)
    expect(await sent).toBe(1)
  })

  test('lets nothing overtake what the store would not take, and stores it when there is room', async () => {
    const store = crampedStore()
    const on = stage()
    const outbox = open(on, store)
    const write = (text: string) => void outbox.send('chat.send', say(text))
    const kept = async () => (await store.load()).map(({ input }) => (input as { text: string }).text)
    write('1')
    await settle()
    store.isFull = true
    for (const text of ['2', '3']) write(text)
    await settle()
    expect(outbox.items).toMatchObject([{ durable: true }, { durable: false }, { durable: false }])
    expect(await kept()).toEqual(['1'])
    store.isFull = false
    write('4')
    await settle()
    expect(await kept()).toEqual(['1', '2', '3', '4'])
    store.isFull = true
    write('5')
    void on.client.connect()
    await settle()
    await on.server.last.accept()
    await settle()
    expect(texts(on)).toEqual(['1', '2', '3', '4', '5'])
    for (const n of [1, 2, 3, 4, 5]) await answer(on, n)
    await settle()
    expect([outbox.items, await kept()]).toEqual([[], []])
  })

  test('keeps one record of what the store would not take, was refused, and is tried again', async () => {
    const store = crampedStore()
    const on = await connected()
    const outbox = open(on, store)
    store.isFull = true
    const sent = outbox.send('chat.send', say('hello'), { id: 'k' })
    await settle()
    await on.server.last.refuse(on.server.last.next('call').id, new ParleyError('forbidden'))
    await expect(sent).rejects.toMatchObject({ code: 'forbidden' })
    store.isFull = false
    const again = outbox.retry('k')
    await settle()
    expect(await store.load()).toHaveLength(1)
    await answer(on, 'yes')
    expect(await again).toBe('yes')
    await settle()
    expect([outbox.items, await store.load()]).toEqual([[], []])
  })

  test('is empty for the next user after it was wiped', async () => {
    const store = memoryOutboxStore()
    const outbox = open(stage(), store)
    const sent = outbox.send('chat.send', say('secret'))
    await settle()
    await outbox.wipe()
    await expect(sent).rejects.toMatchObject({ code: 'cancelled' })
    expect([outbox.items, await store.load()]).toEqual([[], []])
    await expect(outbox.send('chat.send', say('too late'))).rejects.toMatchObject({ code: 'disconnected' })
  })
})

/** A store that may have no room for more. */
function crampedStore(): OutboxStore & { isFull: boolean } {
  const store = memoryOutboxStore()
  return {
    ...store,
    isFull: false,
    async add(record) {
      if (this.isFull) throw new Error('The disk is full.')
      return store.add(record)
    },
  }
}

/** Tabs that hear of each other; the first has the turn. */
function tabs(): () => Turns & { take(): void } {
  const heard = new Map<object, (notice?: Notice) => void>()
  let owner: object | undefined
  return () => {
    const self = {}
    owner ??= self
    return {
      get isOurs() {
        return owner === self
      },
      watch(listener) {
        heard.set(self, listener)
        return () => heard.delete(self)
      },
      tell(notice) {
        for (const [other, listener] of heard) if (other !== self) listener(notice)
      },
      close() {
        if (owner === self) owner = undefined
      },
      take() {
        owner = self
        heard.get(self)?.()
      },
    }
  }
}

describe('an outbox that several tabs share', () => {
  test('is sent by one of them, in the order of all; each hears its answers', async () => {
    const store = memoryOutboxStore()
    const turns = tabs()
    const [on, other] = [await connected(), await connected()]
    const one = open(on, store, { turns: turns() })
    const two = open(other, store, { turns: turns() })
    const sent = [
      one.send('c.a', say('1'), { id: 'k1' }),
      two.send('c.a', say('2'), { id: 'k2' }),
      one.send('c.a', say('3'), { id: 'k3' }),
    ]
    await settle()
    await settle()
    expect(texts(other)).toEqual([])
    expect(texts(on)).toEqual(['1', '2', '3'])
    for (const n of [1, 2, 3]) await answer(on, n)
    expect(await Promise.all(sent)).toEqual([1, 2, 3])
    await settle()
    expect([one.items, two.items]).toEqual([[], []])
  })

  test('sends what a tab has written that crashed before it could tell', async () => {
    const store = memoryOutboxStore()
    const turns = tabs()
    const [on, other] = [await connected(), await connected()]
    open(on, store, { turns: turns() })
    await settle()
    await store.add({ id: 'k1', command: 'c.a', input: say('1'), addedAt: 0 })
    open(other, store, { turns: turns() })
    await settle()
    await settle()
    expect([texts(on), texts(other)]).toEqual([['1'], []])
  })

  test('sends what the store would not take from the tab that has it, behind what was kept before', async () => {
    const store = crampedStore()
    const turns = tabs()
    const [on, other] = [await connected(), await connected()]
    open(on, store, { turns: turns() })
    const two = open(other, store, { turns: turns() })
    void two.send('c.a', say('1'))
    await settle()
    store.isFull = true
    const sent = two.send('c.a', say('2'))
    await settle()
    await settle()
    expect([texts(on), texts(other)]).toEqual([['1'], []])
    await answer(on)
    await settle()
    await settle()
    expect(texts(other)).toEqual(['2'])
    await answer(other, 'done')
    expect(await sent).toBe('done')
    expect(two.items).toEqual([])
  })

  test('goes on in the next tab when the first is gone, under the same keys', async () => {
    const store = memoryOutboxStore()
    const turns = tabs()
    const [on, other] = [await connected(), await connected()]
    open(on, store, { turns: turns() })
    const next = turns()
    const two = open(other, store, { turns: next })
    const sent = two.send('c.a', say('1'))
    await settle()
    const { key } = on.server.last.next('call')
    next.take()
    await settle()
    expect(other.server.last.all('call')).toMatchObject([{ key }])
    await answer(other, 'done')
    expect(await sent).toBe('done')
  })

  test('shows in every tab what was refused; any of them decides; signing out empties all', async () => {
    const store = memoryOutboxStore()
    const turns = tabs()
    const [on, other] = [await connected(), await connected()]
    const one = open(on, store, { turns: turns() })
    const two = open(other, store, { turns: turns() })
    const sent = two.send('c.a', say('no'))
    await settle()
    await on.server.last.refuse(on.server.last.next('call').id, new ParleyError('forbidden'))
    await expect(sent).rejects.toMatchObject({ code: 'forbidden' })
    await settle()
    expect([one.items, two.items]).toMatchObject([[{ state: 'parked' }], [{ state: 'parked' }]])
    const again = two.retry(two.items[0]?.id as string)
    await settle()
    await answer(on, 'yes')
    expect(await again).toBe('yes')
    void two.send('c.a', say('last')).catch(() => undefined)
    await settle()
    await one.wipe()
    await settle()
    expect([two.items, await store.load()]).toEqual([[], []])
    // Whoever is still signed in goes on.
    void two.send('c.a', say('after')).catch(() => undefined)
    await settle()
    expect(await store.load()).toHaveLength(1)
  })
})

test('a client whose calls go through the outbox: those named, and no others', async () => {
  const on = await connected()
  const outbox = open(on, memoryOutboxStore())
  const client = durableClient(on.client, outbox, ['chat.send'])
  void client.chat.send(say('kept'), { key: 'k1' })
  void client.call('chat.send', say('kept too'))
  void client.chat.edit({ ...say('not kept'), seq: 1 })
  await settle()
  expect(outbox.items.map(({ id }) => id)[0]).toBe('k1')
  expect(outbox.items).toHaveLength(2)
  expect(texts(on).toSorted()).toEqual(['kept', 'kept too', 'not kept'])
  await expect(client.chat.send(say('x'), { timeoutMs: 5 })).rejects.toMatchObject({ code: 'bad_request' })
  expect(client.status).toBe('connected')
})
