import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuthorizeRequest } from '../kind.ts'
import { MemoryDisk } from '../memory/disk.ts'
import type { TestClient } from '../testing/test-client.ts'
import { type TestCluster, testCluster } from '../testing/test-cluster.ts'
import { testModule } from '../testing/test-module.ts'
import { type TestNode, testToken } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { road } from './testing/two-nodes.ts'

const channels = ['durable:a', 'durable:b', 'recent:a'] as const
const users = ['ann', 'ben', 'cid', 'dee', 'eva', 'fay'] as const

type Step =
  | { readonly act: 'publish'; readonly node: number; readonly channel: number; readonly large: boolean }
  | { readonly act: 'redact'; readonly node: number; readonly channel: number }
  | { readonly act: 'kick'; readonly node: number; readonly user: number; readonly channel: number }
  | { readonly act: 'move'; readonly user: number; readonly node: number }
  | { readonly act: 'split' | 'heal' | 'cut' | 'mend'; readonly node: number }
  | { readonly act: 'stall'; readonly user: number }
  | { readonly act: 'kill'; readonly node: number }
  | { readonly act: 'wait'; readonly ms: number }

const node = fc.nat(2)
const channel = fc.nat(channels.length - 1)
const user = fc.nat(users.length - 1)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ act: fc.constant('publish' as const), node, channel, large: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('redact' as const), node, channel }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('kick' as const), node, user, channel }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('move' as const), user, node }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constantFrom('split' as const, 'heal', 'cut', 'mend'), node }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('stall' as const), user }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('kill' as const), node }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.nat(400) }) },
)

/** One after the other: the connections that a user has had, on whatever nodes. */
interface Listener {
  readonly user: string
  readonly clients: TestClient[]
  /** Channels out of which they were kicked, and the offset before the kick. */
  readonly kicked: Map<string, number>
}

/** Three nodes, users who listen on them, and what ought to come of it. */
class World {
  readonly t: TestCluster
  readonly listeners: readonly Listener[]
  /** Nodes that take clients. */
  #alive: readonly TestNode[]
  #homes = new Map<Listener, TestNode>()
  #kills = 0
  #n = 0

  constructor(t: TestCluster, listeners: readonly Listener[]) {
    this.t = t
    this.listeners = listeners
    this.#alive = t.nodes
  }

  static async start(seed: number): Promise<World> {
    const clock = new VirtualClock({ seed })
    const way = road()
    const nasty = () => {
      const dice = clock.random()
      if (dice < 0.25) return []
      if (dice < 0.45) return [clock.random() * 30, clock.random() * 400]
      return [dice < 0.8 ? clock.random() * 8 : clock.random() * 200]
    }
    way.announcements = nasty
    way.messages = nasty
    const disk = new MemoryDisk(clock.secret(128))
    /** Asks the disk, and takes its time: whoever was kicked meanwhile is let in by an old answer. */
    const authorize = async ({ identity, channel: name }: AuthorizeRequest) => {
      const isMember = disk.record('default', 'members', `${name} ${identity.user}`) !== undefined
      await new Promise<void>((resolve) => clock.after(clock.random() * 20, resolve))
      return isMember
    }
    const kinds = { durable: { authorize }, recent: { durability: 'recent' } } as const
    const t = await testCluster({
      ...way,
      clock,
      disk,
      nodes: 3,
      followMs: () => clock.random() * 10,
      limits: { ringEvents: 12, readEvents: 16, highWaterBytes: 2_000, maxBatchBytes: 3_000 },
      each: () => ({
        modules: [testModule(kinds)],
        memoryStore: { commitMs: () => clock.random() * 10, readMs: () => clock.random() * 6 },
      }),
    })
    const listeners = users.map((name) => ({ user: name, clients: [], kicked: new Map() }))
    const world = new World(t, listeners)
    for (const name of users)
      for (const where of channels) await world.call(0, 'test.admit', { channel: where, user: name })
    for (const [index, listener] of listeners.entries()) world.connect(listener, index % 3)
    await clock.advance(1_000)
    return world
  }

  node(index: number): TestNode {
    return this.#alive[index % this.#alive.length] as TestNode
  }

  connect(listener: Listener, index: number): void {
    const before = listener.clients.at(-1)
    before?.wire.drop()
    const home = this.node(index)
    const client = home.stranger()
    this.#homes.set(listener, home)
    for (const [name, position] of before?.positions ?? []) client.positions.set(name, position)
    listener.clients.push(client)
    client.post({ op: 'connect', token: testToken(listener.user) })
    for (const name of channels) {
      if (listener.kicked.has(name)) continue
      const from = client.positions.get(name)
      client.post({ op: 'subscribe', channel: name, ...(from === undefined ? {} : { from }) })
    }
  }

  async act(done: Step): Promise<void> {
    const { clock, lines } = this.t
    if (done.act === 'publish') this.#publish(done)
    else if (done.act === 'redact')
      await this.call(done.node, 'test.redact', { channel: channels[done.channel], offset: 1 })
    else if (done.act === 'kick') await this.#kick(done)
    else if (done.act === 'move') this.connect(this.listeners[done.user] as Listener, done.node)
    else if (done.act === 'stall') this.listeners[done.user]?.clients.at(-1)?.wire.stall(500)
    else if (done.act === 'kill') await this.#kill(this.node(done.node))
    else if (done.act === 'wait') await clock.advance(done.ms)
    else if (done.act === 'split') lines.split([this.node(done.node).node.id])
    else if (done.act === 'heal') lines.heal()
    else lines[done.act](this.node(done.node).node.id)
  }

  #publish({ node: index, channel: which, large }: Extract<Step, { act: 'publish' }>): void {
    const name = channels[which] as string
    this.#n += 1
    const data = large ? `${this.#n} ${'x'.repeat(20_000)}` : `${this.#n}`
    this.node(index)
      .node.call(backend, 'test.publish', { channel: name, data })
      .catch(() => undefined)
  }

  /** Runs a command until it is answered. */
  async call(index: number, command: string, input: object): Promise<unknown> {
    let isDone = false
    const result = this.node(index)
      .node.call(backend, command, input)
      .finally(() => {
        isDone = true
      })
    result.catch(() => undefined)
    while (!isDone) await this.t.clock.advance(1)
    return result
  }

  async #kick({ node: index, user: who, channel: which }: Extract<Step, { act: 'kick' }>): Promise<void> {
    const listener = this.listeners[who] as Listener
    const name = channels[which] as string
    if (!name.startsWith('durable') || listener.kicked.has(name)) return
    await this.call(index, 'test.kick', { channel: name, user: listener.user })
    const log = this.t.disk.find('default', name)?.read({ after: 0, limit: 100_000 }) ?? []
    const kick = log.find(({ type, data }) => type === 'kicked' && data === JSON.stringify(listener.user))
    listener.kicked.set(name, (kick?.offset as number) - 1)
  }

  async #kill(victim: TestNode): Promise<void> {
    if (++this.#kills > 2) return
    this.t.kill(victim)
    this.#alive = this.#alive.filter((one) => one !== victim)
    this.#alive = [...this.#alive, await this.t.add()]
    for (const [listener, home] of this.#homes) if (home === victim) this.connect(listener, this.#n)
  }

  async calmDown(): Promise<void> {
    const { clock, lines, nodes } = this.t
    lines.heal()
    for (const { node: one } of nodes) lines.mend(one.id)
    for (const { clients } of this.listeners) clients.at(-1)?.wire.resume()
    await clock.advance(70_000)
  }

  async check(): Promise<void> {
    const heads = new Map<string, number>()
    for (const name of channels) {
      const page = (await this.call(0, 'test.history', { channel: name, limit: 1 })) as { head: number }
      heads.set(name, page.head)
    }
    for (const { user: name, clients, kicked } of this.listeners)
      for (const where of channels) {
        const events = clients.flatMap((client) => client.of(where))
        const offsets = events.map(({ offset }) => offset)
        expect(offsets, `${name} in ${where}`).toEqual([...new Set(offsets)].sort((a, b) => a - b))
        const bound = kicked.get(where)
        if (bound === undefined) expect(offsets.length, `${name} in ${where}`).toBe(heads.get(where))
        else expect(offsets.at(-1) ?? 0, `${name} was kicked out of ${where}`).toBeLessThanOrEqual(bound)
      }
    const faults = this.listeners.flatMap(({ clients }) => clients.flatMap((client) => client.faults))
    expect(faults).toEqual([])
  }
}

const backend = { app: 'default', role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] } as const

test('every subscriber gets each event once and in order, whatever happens between three nodes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 20, maxLength: 120 }), async (seed, steps) => {
      const world = await World.start(seed)
      for (const one of steps) await world.act(one)
      await world.calmDown()
      await world.check()
    }),
    { numRuns: 25, interruptAfterTimeLimit: 15_000 },
  )
})
