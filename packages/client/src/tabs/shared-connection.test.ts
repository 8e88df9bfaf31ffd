import { ParleyError, type ServerFrame } from '@parley/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { type Client, createClient } from '../client.ts'
import type { ClientOptions } from '../client-options.ts'
import { memoryOutboxStore } from '../offline/memory-store.ts'
import { createOutbox } from '../offline/outbox.ts'
import { BrowserStage, type StagedTab } from '../testing/browser-stage.ts'
import { ManualClock, settle } from '../testing/manual-clock.ts'
import { ScriptedNetwork, ScriptedServer } from '../testing/scripted-server.ts'
import { type SharedConnection, sharedConnection } from './shared-connection.ts'

interface OpenTab {
  readonly platform: StagedTab
  readonly shared: SharedConnection
  readonly client: Client
  readonly network: ScriptedNetwork
  readonly tokens: string[]
}

/** A browser in front of one server, and its tabs. */
class House {
  readonly browser = new BrowserStage()
  readonly server = new ScriptedServer()
  readonly clock = new ManualClock()
  readonly tabs: OpenTab[] = []

  async open(
    more: Partial<ClientOptions> & { readonly user?: string } = {},
    platform = this.browser.tab(),
  ): Promise<OpenTab> {
    const tokens: string[] = []
    const network = new ScriptedNetwork()
    const shared = sharedConnection({
      ...{ url: 'wss://example.org/ws', user: 'ada', tabs: platform },
      ...{ transport: this.server, clock: this.clock, network },
      getToken: ({ reason }) => {
        tokens.push(reason)
        return 't'
      },
      ...more,
    })
    const client = createClient(shared.options)
    const tab = { platform, shared, client, network, tokens }
    this.tabs.push(tab)
    void client.connect().catch(() => undefined)
    await settle()
    return tab
  }

  /** Links that the server takes for open. */
  get links() {
    return this.server.ends.filter((end) => end.closedByClient === undefined && end.isOpen)
  }

  /** Two tabs that share a connection. */
  async two() {
    const one = await this.open()
    await this.server.last.accept()
    const two = await this.open()
    return { one, two, server: this.server.last }
  }
}

let house = new House()
afterEach(() => {
  house = new House()
})
const listen = ({ client }: OpenTab, channel = 'c', more = {}) => {
  const heard: unknown[] = []
  const subscription = client.subscribe(channel, {
    onEvent: ({ data }) => heard.push(data),
    onUnrecovered: ({ reason }) => heard.push(reason),
    ...more,
  })
  return { heard, subscription }
}

describe('tabs of one user', () => {
  test('do not wait for themselves: the first connects as soon as it has the lock', async () => {
    const { client } = await house.open()
    await settle()
    expect(house.server.ends).toHaveLength(1)
    await house.server.last.accept()
    expect([client.status, house.clock.elapsed()]).toEqual(['connected', 0])
  })

  test('share one connection, one token and one subscription', async () => {
    const { one, two, server } = await house.two()
    const five = [one, two, await house.open(), await house.open(), await house.open()]
    expect(five.map(({ client }) => client.status)).toEqual(five.map(() => 'connected'))
    expect(five.map(({ client }) => client.connection.user)).toEqual(five.map(() => 'ada'))
    expect(house.server.ends).toHaveLength(1)
    expect(five.flatMap(({ tokens }) => tokens)).toEqual(['connect'])
    expect(five.map(({ shared }) => shared.isLeader)).toEqual([true, false, false, false, false])
    const ears = five.map((tab) => listen(tab))
    await settle()
    await server.admit()
    await server.events('c', 0, 'x', 'y')
    expect(ears.map(({ heard }) => heard)).toEqual(five.map(() => ['x', 'y']))
    expect(server.all('subscribe')).toEqual([])
    for (const { subscription } of ears.slice(0, 4)) subscription.unsubscribe()
    await settle()
    expect(server.all('unsubscribe')).toEqual([])
    ears[4]?.subscription.unsubscribe()
    await settle()
    expect(server.all('unsubscribe')).toHaveLength(1)
  })

  test('call through it, each hearing its own answers, refusals too', async () => {
    const { one, two, server } = await house.two()
    const calls = [one, two].map(({ client }, index) => client.call('notes.add', { channel: 'c', index }))
    await settle()
    for (const { id, input, key } of server.all('call')) {
      expect(key).toBeDefined()
      await server.ok(id, { of: (input as { readonly index: number }).index })
    }
    expect(await Promise.all(calls)).toEqual([{ of: 0 }, { of: 1 }])
    server.frames.length = 0
    const refused = expect(two.client.call('notes.add', {})).rejects.toMatchObject({
      ...{ code: 'forbidden', message: 'No.' },
    })
    await settle()
    await server.refuse(server.next('call').id, new ParleyError('forbidden', 'No.'))
    await refused
  })

  test('a tab that comes later goes on from its own position', async () => {
    const { one, two, server } = await house.two()
    listen(one)
    await settle()
    await server.admit({ position: { epoch: 'e1', offset: 5 } })
    await server.events('c', 5, 'six')
    const late = listen(two, 'c', { from: { epoch: 'e1', offset: 2 } })
    await settle()
    const asked = await server.admit({ head: 6 })
    expect(asked.from).toEqual({ epoch: 'e1', offset: 2 })
    await server.events('c', 2, 'three', 'four', 'five', 'six')
    expect(late.heard).toEqual(['three', 'four', 'five', 'six'])
    expect(late.subscription.position).toEqual({ epoch: 'e1', offset: 6 })
  })

  test('hear it when what they missed is gone, and only then', async () => {
    const { one, two, server } = await house.two()
    const ears = [listen(one), listen(two)]
    await settle()
    await server.admit()
    await server.events('c', 0, 'x')
    await server.send({
      ...{ op: 'unsubscribed', channel: 'c', code: 'slow', message: 'Too slow.', resubscribe: true },
    })
    await house.clock.advance(1_000)
    const gone = { recovered: false, reason: 'position_expired', head: 9 } as const
    await server.admit({ position: { epoch: 'e1', offset: 9 }, ...gone })
    await house.clock.advance(1_000)
    // Each tab asks from its place, and is told by itself.
    const again = await server.admit({ position: { epoch: 'e1', offset: 9 }, ...gone })
    expect(again.from?.offset).toBe(1)
    await server.events('c', 9, 'ten')
    expect(ears.map(({ heard }) => heard)).toEqual([
      ['x', 'position_expired', 'ten'],
      ['x', 'position_expired', 'ten'],
    ])
  })

  test('hear what was dropped, in one message with the answer too', async () => {
    const { one, two, server } = await house.two()
    const lost: unknown[] = []
    for (const tab of [one, two]) listen(tab, 'c', { onDropped: (dropped: unknown) => lost.push(dropped) })
    await settle()
    const { id } = server.next('subscribe')
    const dropped = { from: 3, to: 5, reason: 'slow_consumer' } as const
    await server.send(
      { op: 'reply', id, ok: { position: { epoch: 'e1', offset: 3 }, head: 5 } },
      { op: 'dropped', channel: 'c', ...dropped },
    )
    expect(lost).toEqual([dropped, dropped])
  })

  test('see the same keyed state; what a tab has set goes with it, and that of another shows again', async () => {
    const { one, two, server } = await house.two()
    const seen = [one, two].map((tab) => listen(tab, 'c', { state: true }).subscription)
    await settle()
    const entry = { key: 'k', name: 'mood', user: 'bob', value: 1 }
    await server.admit({ state: { instance: 'i', version: 4, entries: [entry], total: 1 } })
    await server.send({
      ...{ op: 'state', channel: 'c', instance: 'i', prev: 4, version: 5 },
      ...{ set: [{ ...entry, key: 'l' }], removed: ['k'] },
    })
    expect(seen.map(({ state }) => [...state.keys()])).toEqual([['l'], ['l']])
    void one.client.setState('c', 'mood', 'of one')
    await settle()
    void two.client.setState('c', 'mood', 'of two')
    await settle()
    two.platform.crash()
    await settle()
    expect(server.all('set').map(({ value }) => value)).toEqual(['of one', 'of two', 'of one'])
    void one.client.setState('c', 'mood', null)
    await settle()
    expect(server.all('set').at(-1)?.value).toBe(null)
  })

  test('are asked for as often as the one likes that is seen, whichever has the connection', async () => {
    const heartbeat = { hiddenIntervalMs: 200_000 }
    const one = await house.open({ heartbeat })
    const { server } = house
    await server.last.accept()
    const two = await house.open({ heartbeat })
    const asked = () =>
      server.last
        .all('ping')
        .splice(0)
        .map(({ pingIntervalMs }) => pingIntervalMs)
    await one.network.hint('hidden')
    await settle()
    expect(asked()).not.toContain(200_000)
    await two.network.hint('hidden')
    await settle()
    expect(asked().at(-1)).toBe(200_000)
    await server.last.send({ op: 'pong', pingIntervalMs: 200_000 })
    await one.network.hint('visible')
    await settle()
    expect(asked().at(-1)).toBe(0)
    await server.last.send({ op: 'pong', pingIntervalMs: 30_000 })
    // The one that is seen goes.
    one.platform.leave()
    one.platform.crash()
    await settle()
    await settle()
    expect((await server.last.accept()).pingIntervalMs ?? asked().at(-1)).toBe(200_000)
  })

  test('what a tab has set outlives a new subscription of all, and ends when it listens no more', async () => {
    const { one, two, server } = await house.two()
    const first = listen(one, 'c', { state: true })
    await settle()
    await server.admit()
    const values = () => server.all('set').map(({ value }) => value)
    void one.client.setState('c', 'mood', 'of one')
    await settle()
    // Another tab asks from an earlier place: the server forgets what was set, and has to be told.
    listen(two, 'c', { state: true, from: { epoch: 'e', offset: 0 } })
    await settle()
    await server.admit()
    await settle()
    expect(values()).toEqual(['of one', 'of one'])
    first.subscription.unsubscribe()
    await settle()
    expect(values()).toEqual(['of one', 'of one', null])
  })

  test('a call that is refused for now holds up those of its own tab alone', async () => {
    const { one, two, server } = await house.two()
    const refused = one.client.call('notes.add', { channel: 'c', n: 1 })
    await settle()
    await server.refuse(server.next('call').id, new ParleyError('unavailable'), 7)
    void two.client.call('notes.add', { channel: 'c', n: 2 }).catch(() => undefined)
    await settle()
    expect(server.next('call')).toMatchObject({ input: { n: 2 }, fence: 7 })
    await house.clock.advance(5_000)
    const again = server.next('call')
    expect(again).toMatchObject({ input: { n: 1 }, fence: 7 })
    await server.ok(again.id, 'kept')
    expect(await refused).toBe('kept')
  })

  test('do not interrupt each other in a channel of which nothing is kept', async () => {
    const { one, two, server } = await house.two()
    const first = listen(one, 'c', { from: { epoch: 'e', offset: 3 } })
    await settle()
    const position = { epoch: 'e', offset: 5 }
    await server.admit({ position, head: 5, recovered: false, reason: 'not_stored' })
    const second = listen(two, 'c', { from: { epoch: 'e', offset: 4 } })
    await settle()
    await server.events('c', 5, 'x')
    await settle()
    expect([first.heard, second.heard]).toEqual([
      ['not_stored', 'x'],
      ['not_stored', 'x'],
    ])
    expect(server.all('subscribe')).toEqual([])
  })

  test('are not disturbed by one that takes itself for the leader as well', async () => {
    const links: string[] = []
    const other = house.browser.tab()
    const control = other.channel('parley wss://example.org/ws ada')
    control.hear((message) => {
      const { type, link } = message as { readonly type: string; readonly link: string }
      if (type === 'open') links.push(link)
    })
    const { two, server } = await house.two()
    const link = links.at(-1) as string
    // It answers late, and the question is heard twice.
    const late = other.channel(link)
    late.tell({ from: 'another', type: 'opened' })
    late.tell({ from: 'another', type: 'text', text: '{"op":"reply","id":1,"ok":{}}' })
    late.tell({ from: 'another', type: 'closed', code: 1001, reason: '' })
    control.tell({ type: 'open', link })
    await settle()
    const answer = two.client.call('notes.add', { channel: 'c' })
    await settle()
    await server.ok(server.next('call').id, 'kept')
    expect([await answer, two.client.status, server.all('call')]).toEqual(['kept', 'connected', []])
  })

  test('do not ask a leader before they hold the lock that shows that they are there', async () => {
    await house.open()
    await house.server.last.accept()
    const platform = house.browser.tab()
    const giveLocks = platform.delayLocks()
    const { client } = await house.open({}, platform)
    house.browser.tab().channel('parley wss://example.org/ws ada').tell({ type: 'leader', leader: 'another' })
    await settle()
    giveLocks()
    await settle()
    expect(client.status).toBe('connected')
    const answer = client.call('notes.add', { channel: 'c' })
    await settle()
    const { last: server } = house.server
    await server.ok(server.next('call').id, 'kept')
    expect(await answer).toBe('kept')
  })

  const ends: Readonly<Record<string, readonly ServerFrame[]>> = {
    'before its answer': [],
    'together with its answer': [
      { op: 'reply', id: 0, ok: { position: { epoch: 'e1', offset: 5 }, head: 5, recovered: false } },
    ],
  }
  test.each(Object.entries(ends))(
    'are told why a subscription is over that ends %s',
    async (_when, answer) => {
      const { one, two, server } = await house.two()
      const ended: string[] = []
      const told = {
        onError: ({ code }: ParleyError) => ended.push(code),
        onUnsubscribed: ({ code }: { readonly code: string }) => ended.push(code),
      }
      const first = listen(one, 'c', told)
      await settle()
      await server.admit({ position: { epoch: 'e1', offset: 5 } })
      const second = listen(two, 'c', { from: { epoch: 'e1', offset: 2 }, ...told })
      await settle()
      const { id } = server.next('subscribe')
      const over = { code: 'forbidden', message: 'Not any more.', resubscribe: false }
      await server.send(...answer.map((frame) => ({ ...frame, id })), {
        ...{ op: 'unsubscribed', channel: 'c', ...over },
      })
      await settle()
      expect(ended).toEqual(['forbidden', 'forbidden'])
      expect([first, second].map(({ subscription }) => subscription.status)).toEqual([
        'unsubscribed',
        'unsubscribed',
      ])
    },
  )

  test('are not mixed with those of another user', async () => {
    await house.open()
    await house.server.last.accept()
    const other = await house.open({ user: 'bob' })
    await house.server.last.accept({ user: 'bob' })
    expect(house.server.ends).toHaveLength(2)
    expect(other.client.connection.user).toBe('bob')
  })

  test('show that the connection is lost, and are back with it at once', async () => {
    const { one, two, server } = await house.two()
    const ear = listen(two)
    await settle()
    await server.admit()
    await server.events('c', 0, 'x')
    const call = two.client.call('notes.add', { n: 1 })
    await settle()
    const { key } = server.next('call')
    await server.close()
    expect([one, two].map(({ client }) => client.status)).toEqual(['connecting', 'connecting'])
    await house.clock.advance(600)
    const again = house.server.last
    await again.accept({ session: 's2' })
    expect([one, two].map(({ client }) => client.status)).toEqual(['connected', 'connected'])
    expect((await again.admit()).from).toEqual({ epoch: 'e1', offset: 1 })
    await again.events('c', 1, 'y')
    expect(ear.heard).toEqual(['x', 'y'])
    const repeat = again.next('call')
    expect(repeat.key).toBe(key)
    await again.ok(repeat.id, 'done')
    expect(await call).toBe('done')
  })

  test('are all told why, when the server wants them no more', async () => {
    const { one, two, server } = await house.two()
    await server.send({ op: 'error', error: new ParleyError('token_revoked').toBody() })
    await server.close(4007)
    expect([one, two].map(({ client }) => client.connection.error?.code)).toEqual([
      'token_revoked',
      'token_revoked',
    ])
    void two.client.connect().catch(() => undefined)
    await settle()
    await house.server.last.accept()
    expect(two.client.status).toBe('connected')
  })

  test('are all told when it was tried in vain, once for all; each of them can begin anew', async () => {
    const { one, two } = await house.two()
    for (const pauseMs of [250, 500, 1_000, 2_000, 4_000, 0]) {
      await house.server.last.close(1006)
      await house.clock.advance(pauseMs)
    }
    expect([one, two].map(({ client }) => client.connection)).toMatchObject([
      { status: 'disconnected', error: { code: 'connection_failed' } },
      { status: 'disconnected', error: { code: 'connection_failed' } },
    ])
    expect(house.server.ends).toHaveLength(6)
    void two.client.connect().catch(() => undefined)
    await settle()
    await house.server.last.accept()
    expect(two.client.status).toBe('connected')
  })
})

describe('when the tab that has the connection goes', () => {
  const goes: Readonly<Record<string, (tab: OpenTab) => void>> = {
    'by a crash': ({ platform }) => platform.crash(),
    'by being closed or left': ({ platform }) => {
      platform.leave()
      platform.crash()
    },
    'for good': ({ shared, client }) => {
      client.disconnect()
      shared.close()
    },
  }
  test.each(Object.entries(goes))('%s, the next goes on: nothing is lost or doubled', async (_how, go) => {
    const { one, two, server } = await house.two()
    const three = await house.open()
    const ears = [listen(two), listen(three)]
    await settle()
    await server.admit()
    await server.events('c', 0, 'x')
    const call = three.client.call('notes.add', { n: 1 })
    await settle()
    const { key } = server.next('call')
    go(one)
    await settle()
    await settle()
    expect(house.server.ends).toHaveLength(2)
    const next = house.server.last
    await next.accept({ session: 's2' })
    await settle()
    expect([two, three].map(({ client }) => client.status)).toEqual(['connected', 'connected'])
    expect([two, three].map(({ shared }) => shared.isLeader)).toEqual([true, false])
    const asked = await next.admit({ head: 3 })
    expect(asked.from).toEqual({ epoch: 'e1', offset: 1 })
    await next.events('c', 1, 'y', 'z')
    expect(ears.map(({ heard }) => heard)).toEqual([
      ['x', 'y', 'z'],
      ['x', 'y', 'z'],
    ])
    const repeat = next.next('call')
    expect(repeat.key).toBe(key)
    await next.ok(repeat.id, 'done')
    expect(await call).toBe('done')
    // No time has passed that was not the network's.
    expect(house.clock.elapsed()).toBe(0)
  })

  test('the server is not told that its user has left', async () => {
    const { one, server } = await house.two()
    one.platform.leave()
    await settle()
    expect(server.closedByClient?.code).toBe(3000)
  })

  test('a page that is gone back to joins again', async () => {
    const { one, two } = await house.two()
    one.platform.leave()
    await settle()
    await house.server.last.accept({ session: 's2' })
    one.platform.comeBack()
    await house.clock.advance(1_000)
    expect([one, two].map(({ client }) => client.status)).toEqual(['connected', 'connected'])
    expect([one, two].map(({ shared }) => shared.isLeader)).toEqual([false, true])
    expect(house.server.ends).toHaveLength(2)
  })

  test('one that is frozen and keeps the lock is noticed; when it goes on it follows', async () => {
    const { one, two } = await house.two()
    const ear = listen(two)
    await settle()
    await house.server.last.admit()
    one.platform.freeze()
    await house.clock.advance(15_000)
    expect([one, two].map(({ shared }) => shared.isLeader)).toEqual([true, true])
    const next = house.server.last
    await next.accept({ session: 's2' })
    await house.clock.advance(1_000)
    await next.admit()
    await next.events('c', 0, 'x')
    expect(ear.heard).toEqual(['x'])
    one.platform.thaw()
    await house.clock.advance(2_000)
    expect([one, two].map(({ shared }) => shared.isLeader)).toEqual([false, true])
    expect([one, two].map(({ client }) => client.status)).toEqual(['connected', 'connected'])
    expect(house.links).toHaveLength(1)
  })

  test('the last one leaves nothing: no connection, no timer', async () => {
    const { one, two } = await house.two()
    for (const { client, shared } of [one, two]) {
      client.disconnect()
      shared.close()
    }
    await house.clock.advance(2_000)
    expect(house.links).toEqual([])
    expect(house.clock.pending).toBe(0)
  })
})

test('an outbox is sent by the tab that has the connection, and by the next when it is gone', async () => {
  const { one, two, server } = await house.two()
  const store = memoryOutboxStore()
  const outboxes = [one, two].map(({ client, shared }) => {
    const turns = shared.turns()
    return createOutbox({ client, store, clock: house.clock, ...(turns === undefined ? {} : { turns }) })
  })
  const sent = outboxes[1]?.send('notes.add', { channel: 'c' })
  await settle()
  await settle()
  const { key } = server.next('call')
  one.platform.crash()
  await settle()
  await house.server.last.accept({ session: 's2' })
  await settle()
  await settle()
  const repeat = house.server.last.next('call')
  expect(repeat.key).toBe(key)
  await house.server.last.ok(repeat.id, 'kept')
  expect(await sent).toBe('kept')
})

test('without locks nothing is shared, and a client connects by itself', async () => {
  const server = new ScriptedServer()
  const shared = sharedConnection({ url: 'wss://example.org', user: 'ada', token: 't', transport: server })
  expect(shared.isShared).toBe(false)
  const client = createClient(shared.options)
  void client.connect()
  await settle()
  await server.last.accept()
  expect(client.status).toBe('connected')
  client.disconnect()
})
