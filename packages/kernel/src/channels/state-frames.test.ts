import type { StateFrame } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testNode } from '../testing/test-node.ts'

const channel = 'live:hall'
const maxBytes = 65_536

/** Notes the messages that a client is sent from now on. */
function messagesTo(client: TestClient): string[] {
  const messages: string[] = []
  const { onMessage } = client.wire
  client.wire.onMessage = (text) => {
    messages.push(text)
    onMessage(text)
  }
  return messages
}

async function watch(t: TestNode, user = 'watcher') {
  const client = await t.client(user)
  await client.subscribe(channel, { state: true, silent: true })
  return { client, messages: messagesTo(client) }
}

async function crowd(t: TestNode, count: number): Promise<readonly TestClient[]> {
  const clients: TestClient[] = []
  for (let n = 0; n < count; n++) clients.push(await t.client(`user-${n}`))
  return clients
}

function expectToFollow(frames: readonly StateFrame[]): void {
  for (const [index, frame] of frames.entries())
    if (index > 0) expect(frame.prev).toBe(frames[index - 1]?.version)
}

const open = (options: TestNodeOptions = {}) =>
  testNode({ limits: { maxConnections: 20_000, maxConnectionsPerIp: 20_000 }, ...options })

describe('ten thousand who come and go at once', () => {
  test('are told in frames of at most 64 KiB that follow each other, the same for everybody', async () => {
    const t = await open()
    const watchers = [await watch(t), await watch(t)] as const
    const clients = await crowd(t, 10_000)
    for (const client of clients) client.post({ op: 'subscribe', channel })
    await t.clock.settle()
    const { client, messages } = watchers[0]
    const joins = client.all('state')
    expect(Math.max(...messages.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(maxBytes)
    expect(messages).toEqual(watchers[1].messages)
    expectToFollow(joins)
    // Each of them once, in no more frames than their bytes need, give or take a few that are not full.
    expect(joins.flatMap(({ set }) => set)).toHaveLength(10_000)
    const bytes = messages.reduce((sum, text) => sum + text.length, 0)
    expect(joins.length).toBeLessThanOrEqual(Math.ceil(bytes / maxBytes) + 5)

    for (const leaving of clients) leaving.post({ op: 'unsubscribe', channel })
    await t.clock.settle()
    const leaves = client.all('state').slice(joins.length)
    expectToFollow(client.all('state'))
    expect(leaves.flatMap(({ removed }) => removed)).toHaveLength(10_000)
    expect(leaves.length).toBeLessThanOrEqual(10)
    expect(client.states.get(channel)).toMatchObject({ gaps: 0, entries: new Map() })
  })

  test('who come to see each other are given the same frames: none is made for one of them', async () => {
    const t = await open()
    const { client, messages } = await watch(t)
    const clients = await crowd(t, 600)
    const received = clients.map(messagesTo)
    for (const joining of clients) joining.post({ op: 'subscribe', channel, state: true })
    await t.clock.settle()
    const frames = new Set(received.flat().filter((text) => text.startsWith('{"op":"state"')))
    expect(frames).toEqual(new Set(messages))
    for (const joined of clients) {
      const view = joined.states.get(channel)
      expect(view).toMatchObject({ gaps: 0, version: client.states.get(channel)?.version })
      // Whatever the first page had, the frames tell everybody who came since.
      expect(view?.entries.size).toBe(600)
    }
  })
})

describe('a slow reader', () => {
  test('is told the difference from where it is, in pieces, as it takes them', async () => {
    const t = await open({ limits: { highWaterBytes: 20_000 } })
    const { client, messages } = await watch(t)
    const ada = await t.client('ada')
    await ada.subscribe(channel)
    for (let n = 0; n < 60; n++)
      await ada.ask({ op: 'set', channel, name: `n${n}`, value: 'x'.repeat(4_000) })
    client.wire.stall()
    for (let round = 0; round < 4; round++)
      for (let n = 0; n < 60; n++)
        await ada.ask({ op: 'set', channel, name: `n${n}`, value: `${round}${'x'.repeat(4_000)}` })
    const before = messages.length
    client.wire.resume()
    await t.clock.settle()
    const view = client.states.get(channel)
    expect(view?.gaps).toBe(0)
    expect(Object.keys(client.state(channel, 'n59'))).toEqual(['ada'])
    expect(client.state(channel, 'n0')).toEqual({ ada: `3${'x'.repeat(4_000)}` })
    const late = messages.slice(before)
    expect(Math.max(...late.map(({ length }) => length))).toBeLessThanOrEqual(maxBytes)
    // What it had not taken yet, and then the last value of each.
    expect(late.reduce((sum, text) => sum + text.length, 0)).toBeLessThan(2 * 60 * 4_200)
  })
})

describe('a kind that wants its changes together', () => {
  const kinds = { live: { durability: 'ephemeral', stateFlushMs: 500 } } as const

  test('tells the first at once, and the last value of what follows once in that time', async () => {
    const t = await open({ modules: [testModule(kinds)] })
    const { client } = await watch(t)
    const ada = await t.client('ada')
    await ada.subscribe(channel, { silent: true })
    const before = client.all('state').length
    for (let n = 0; n < 20; n++) {
      await ada.ask({ op: 'set', channel, name: 'cursor', value: n })
      await ada.ask({ op: 'set', channel, name: 'mood', value: n })
      if (n === 0) expect(client.state(channel, 'cursor')).toEqual({ ada: 0 })
      await t.clock.advance(50)
    }
    expect(client.all('state').length - before).toBeLessThanOrEqual(4)
    await t.clock.advance(500)
    expect(client.state(channel, 'cursor')).toEqual({ ada: 19 })
    expect(client.states.get(channel)?.gaps).toBe(0)
    await t.clock.advance(5_000)
    const quiet = client.all('state').length
    await ada.ask({ op: 'set', channel, name: 'mood', value: 'back' })
    expect(client.all('state')).toHaveLength(quiet + 1)
  })

  test('is joined between two differences without a gap, and a message does not wait', async () => {
    const t = await open({ modules: [testModule(kinds)] })
    const { client } = await watch(t)
    const ada = await t.client('ada')
    await ada.subscribe(channel)
    await ada.ask({ op: 'set', channel, name: 'mood', value: 1 })
    const late = await watch(t, 'late')
    expect(late.client.state(channel, 'mood')).toEqual({ ada: 1 })
    await ada.publish(channel, 'hello')
    expect(client.of(channel)).toHaveLength(1)
    expect(client.state(channel, 'mood')).toEqual({})
    await ada.ask({ op: 'set', channel, name: 'mood', value: null })
    await t.clock.advance(500)
    for (const watcher of [client, late.client]) {
      expect(watcher.state(channel, 'mood')).toEqual({})
      expect(Object.keys(watcher.state(channel))).toEqual(['ada'])
      expect(watcher.states.get(channel)?.gaps).toBe(0)
    }
  })
})
