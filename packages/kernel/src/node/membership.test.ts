import { describe, expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { type TestNode, type TestNodeOptions, testIdentity, testNode } from '../testing/test-node.ts'

const backend = testIdentity(undefined)
const offsets = (client: TestClient, channel = 'durable:a') => client.of(channel).map(({ offset }) => offset)
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

interface SlowNode extends TestNode {
  /** Called after each write to a connection. */
  onWrite: (count: number) => void
}

/** A node on which a write to a connection takes a tenth of a millisecond: fan-outs yield after every fifty. */
async function slowNode(options: TestNodeOptions = {}): Promise<SlowNode> {
  let world: SlowNode | undefined
  let count = 0
  const t = await testNode({
    ...options,
    limits: { fanoutSliceMs: 5, maxConnectionsPerIp: 20_000, ...options.limits },
    aroundAccept: (accept) => (connection, handshake) => {
      const send = connection.send.bind(connection)
      connection.send = (frame) => {
        world?.clock.spend(0.1)
        send(frame)
        count += 1
        world?.onWrite(count)
      }
      return accept(connection, handshake)
    },
  })
  world = { ...t, onWrite: () => undefined }
  return world
}

/** Runs things after so many writes from now on. */
function atWrites(t: SlowNode, plan: Readonly<Record<number, () => void>>): void {
  let seen = 0
  t.onWrite = () => {
    seen += 1
    plan[seen]?.()
  }
}

async function members(t: TestNode, count: number, channel = 'durable:a'): Promise<TestClient[]> {
  const clients: TestClient[] = []
  for (let n = 0; n < count; n++) {
    const client = await t.client(`user-${n}`)
    await client.subscribe(channel, { silent: true })
    clients.push(client)
  }
  return clients
}

function publish(t: TestNode, data: unknown, channel = 'durable:a'): void {
  void t.node.call(backend, 'test.publish', { channel, data })
}

/** Lets microtasks run, but no deferred work: the commit is through, the fan-out has not begun. */
async function microtasks(): Promise<void> {
  for (let n = 0; n < 50; n++) await Promise.resolve()
}

describe('a channel’s pending batch and a change of its membership', () => {
  test('who joins in the middle of a batch gets what comes after, once; the others miss nothing', async () => {
    const t = await testNode()
    const [old] = await members(t, 1)
    const late = await t.client('late')
    publish(t, 1)
    publish(t, 2)
    await microtasks()
    // Two events are pending. The subscribe arrives before the turn ends.
    const joining = late.post({ op: 'subscribe', channel: 'durable:a' })
    await microtasks()
    publish(t, 3)
    await t.clock.settle()
    expect(late.reply(joining).ok).toMatchObject({ position: { offset: 2 } })
    expect(offsets(late)).toEqual([3])
    expect(offsets(old!)).toEqual([1, 2, 3])
    for (const client of [old!, late]) expect(client.faults).toEqual([])
  })

  test('who leaves in the middle of a batch gets nothing after the reply; the others miss nothing', async () => {
    const t = await testNode()
    const [stays, leaves] = await members(t, 2)
    publish(t, 1)
    await microtasks()
    leaves!.post({ op: 'unsubscribe', channel: 'durable:a' })
    await microtasks()
    publish(t, 2)
    await t.clock.settle()
    const reply = leaves!.frames.findLastIndex((frame) => frame.op === 'reply')
    expect(leaves!.frames.slice(reply).some((frame) => frame.op === 'events')).toBe(false)
    expect(offsets(stays!)).toEqual([1, 2])
    expect(stays!.faults).toEqual([])
  })

  test('leaving and joining again within one turn: no event twice, none missed', async () => {
    const t = await testNode()
    const [client] = await members(t, 1)
    publish(t, 1)
    await microtasks()
    client!.post({ op: 'unsubscribe', channel: 'durable:a' })
    const { epoch } = client!.positions.get('durable:a')!
    client!.post({ op: 'subscribe', channel: 'durable:a', from: { epoch, offset: 0 } })
    await microtasks()
    publish(t, 2)
    await t.clock.settle()
    await t.clock.settle()
    expect(new Set(offsets(client!))).toEqual(new Set([1, 2]))
    expect(client!.faults).toEqual([])
  })
})

describe('a fan-out that yields between slices', () => {
  test('nobody misses or doubles an event while members join and leave between its slices', async () => {
    const t = await slowNode()
    const stay = await members(t, 300)
    const come: TestClient[] = []
    const gone: TestClient[] = []
    for (let round = 0; round < 8; round++) {
      const [first, middle] = [stay.splice(0, 1)[0]!, stay.splice(150, 1)[0]!]
      const last = stay.pop()!
      const late = await t.client(`late-${round}`)
      gone.push(first, middle, last)
      come.push(late)
      const leave = (client: TestClient) => () => client.post({ op: 'unsubscribe', channel: 'durable:a' })
      atWrites(t, {
        30: leave(first),
        70: leave(last),
        110: () => late.post({ op: 'subscribe', channel: 'durable:a', silent: true }),
        150: () => publish(t, 'more'),
        210: leave(middle),
      })
      publish(t, 'event')
      await t.clock.settle()
      expect(late.positions.has('durable:a')).toBe(true)
    }
    for (const client of stay) expect(offsets(client)).toEqual(upTo(1, 16))
    for (const client of come) {
      const got = offsets(client)
      expect(got).toEqual(upTo(got[0]!, 16))
    }
    for (const client of gone) expect(offsets(client)).toEqual(upTo(1, offsets(client).length))
    expect([...stay, ...come, ...gone].flatMap(({ faults }) => faults)).toEqual([])
    expect(t.node.status().subscriptions).toBe(stay.length + come.length)
  })

  test('revoke against fan-out: one event to 10,000 members, a kick in its middle, replies between the slices', async () => {
    const t = await slowNode()
    const clients = await members(t, 10_000)
    const victims = [clients[100]!, clients[5_000]!, clients[9_999]!]
    const caller = await t.client('caller')
    let asked = 0
    let [askedAt, repliedAt] = [0, 0]
    const receive = caller.wire.onMessage
    caller.wire.onMessage = (text) => {
      receive(text)
      if (caller.hasReply(asked)) repliedAt = t.clock.elapsed()
    }
    const started = t.clock.elapsed()
    atWrites(t, {
      2000: () => {
        for (const n of [100, 5_000, 9_999])
          void t.node.call(backend, 'test.kick', { channel: 'durable:a', user: `user-${n}` })
        publish(t, 'after')
      },
      4000: () => {
        askedAt = t.clock.elapsed()
        asked = caller.post({ op: 'call', command: 'test.publish', input: { channel: 'durable:b', data: 1 } })
      },
    })
    publish(t, 'before')
    await t.clock.settle()
    expect(t.clock.elapsed() - started).toBeGreaterThan(1_000)
    expect(repliedAt - askedAt).toBeGreaterThan(0)
    expect(repliedAt - askedAt).toBeLessThan(20)
    for (const victim of victims) {
      expect(victim.all('unsubscribed')).toMatchObject([
        { code: 'forbidden', message: 'kicked', resubscribe: false },
      ])
      expect(victim.events.filter(({ offset }) => offset > 1)).toEqual([])
    }
    // Kicked before its turn in the fan-out: not even the event before.
    expect(victims.map((victim) => victim.events.length)).toEqual([1, 0, 0])
    for (const client of [clients[0]!, clients[9_998]!]) expect(offsets(client)).toEqual([1, 2, 3, 4, 5])
  })

  test('other channels go between the slices of a large one', async () => {
    const t = await slowNode()
    const large = await members(t, 2_000)
    const [small] = await members(t, 1, 'durable:small')
    let reached = -1
    const receive = small!.wire.onMessage
    small!.wire.onMessage = (text) => {
      receive(text)
      if (reached < 0) reached = large.filter((client) => client.events.length > 0).length
    }
    atWrites(t, { 500: () => publish(t, 'small', 'durable:small') })
    publish(t, 'large')
    await t.clock.settle()
    expect(reached).toBeGreaterThanOrEqual(500)
    expect(reached).toBeLessThan(700)
    expect(large.every((client) => client.events.length === 1)).toBe(true)
  })

  test('what is published into a channel while its batch is under way becomes one batch', async () => {
    const t = await slowNode()
    const clients = await members(t, 1_000)
    let left = 50
    const publishMore = () => {
      if (left-- === 0) return
      publish(t, left)
      t.clock.defer(publishMore)
    }
    publishMore()
    await t.clock.settle()
    const frames = clients.map((client) => client.all('events').length)
    expect(Math.max(...frames)).toBeLessThan(10)
    for (const client of clients) expect(offsets(client)).toEqual(upTo(1, 50))
  })

  test('who catches up gets a share of the time, however much there is to fan out', async () => {
    const t = await slowNode()
    const clients = await members(t, 500)
    for (let n = 0; n < 20; n++) publish(t, 'x'.repeat(10_000), 'durable:b')
    await t.clock.settle()
    const late = await t.client('late')
    let left = 400
    let seenInTime = 0
    const goOn = () => {
      left -= 1
      if (left % 10 === 0) publish(t, left)
      if (left === 200) late.post({ op: 'subscribe', channel: 'durable:b', recent: 20 })
      if (left > 0) t.clock.defer(goOn)
      else seenInTime = late.events.length
    }
    goOn()
    await t.clock.settle()
    expect(seenInTime).toBe(20)
    expect(late.faults).toEqual([])
    expect(new Set(clients.map((client) => client.events.length))).toEqual(new Set([40]))
  })
})
