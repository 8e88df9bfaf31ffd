import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TestClient } from '../testing/test-client.ts'
import { type TestCluster, testCluster } from '../testing/test-cluster.ts'
import { testModule } from '../testing/test-module.ts'
import { type TestNode, testToken } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { road } from './testing/two-nodes.ts'

const channel = 'live:hall'
const leaseMs = 5_000
const graceMs = 3_000

type Step =
  | { readonly act: 'come' | 'go' | 'set' | 'unset' | 'drop'; readonly node: number }
  | { readonly act: 'split' | 'heal' | 'cut' | 'mend'; readonly node: number }
  | { readonly act: 'kill' | 'idle'; readonly node: number }
  | { readonly act: 'wait'; readonly ms: number }

const node = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ act: fc.constantFrom('come' as const, 'go', 'set', 'unset', 'drop'), node }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constantFrom('split' as const, 'heal', 'cut', 'mend', 'idle'), node }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('kill' as const), node }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.nat(3_000) }) },
)

/** Somebody in the channel, with a cursor or without. */
interface Guest {
  readonly client: TestClient
  readonly home: TestNode
  readonly user: string
  cursor: number | undefined
}

/** Three nodes whose people come, go and move their cursors, and watchers who ought to see it. */
class Hall {
  readonly t: TestCluster
  guests: Guest[] = []
  #count = 0

  constructor(t: TestCluster) {
    this.t = t
  }

  at(index: number): TestNode {
    return this.t.nodes.filter((one) => !this.dead.has(one))[
      index % (this.t.nodes.length - this.dead.size)
    ] as TestNode
  }

  readonly dead = new Set<TestNode>()

  async act(done: Step): Promise<void> {
    const { clock, lines } = this.t
    if (done.act === 'wait') await clock.advance(done.ms)
    else if (done.act === 'come') this.#come(this.at(done.node))
    else if (done.act === 'split') lines.split([this.at(done.node).node.id])
    else if (done.act === 'heal') lines.heal()
    else if (done.act === 'cut' || done.act === 'mend') lines[done.act](this.at(done.node).node.id)
    else if (done.act === 'kill') await this.#kill(this.at(done.node))
    else if (done.act !== 'idle') this.#change(done.act, this.at(done.node))
    await clock.settle()
  }

  #come(home: TestNode): void {
    const client = home.stranger()
    const user = `user-${++this.#count}`
    client.post({ op: 'connect', token: testToken(user) })
    client.post({ op: 'subscribe', channel })
    this.guests.push({ client, home, user, cursor: undefined })
  }

  #change(act: 'go' | 'set' | 'unset' | 'drop', home: TestNode): void {
    const guest = this.guests.find((one) => one.home === home)
    if (guest === undefined) return
    if (act === 'go') guest.client.post({ op: 'unsubscribe', channel })
    else if (act === 'drop') guest.client.wire.drop()
    else {
      guest.cursor = act === 'set' ? ++this.#count : undefined
      guest.client.post({ op: 'set', channel, name: 'cursor', value: guest.cursor ?? null })
      // Somebody else next time.
      this.guests = [...this.guests.filter((one) => one !== guest), guest]
      return
    }
    this.guests = this.guests.filter((one) => one !== guest)
  }

  async #kill(victim: TestNode): Promise<void> {
    if (this.dead.size > 0) return
    this.dead.add(victim)
    this.t.kill(victim)
    this.guests = this.guests.filter(({ home }) => home !== victim)
    await this.t.add()
  }
}

const here = (watcher: TestClient) => Object.keys(watcher.state(channel)).sort()

test('whatever happens to nodes and messages, all see the same people within the lease, 2 s and the grace', async () => {
  const kinds = { live: { durability: 'ephemeral', presenceGraceMs: graceMs } } as const
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 10, maxLength: 60 }), async (seed, steps) => {
      const clock = new VirtualClock({ seed })
      const way = road()
      const t = await testCluster({
        ...way,
        clock,
        leaseMs,
        nodes: 3,
        limits: { channelIdleMs: 2_000 },
        modules: [testModule(kinds)],
      })
      way.messages = () => {
        const dice = clock.random()
        if (dice < 0.3) return []
        return dice < 0.5 ? [clock.random() * 100, clock.random() * 2_000] : [clock.random() * 20]
      }
      const hall = new Hall(t)
      const watch = async (on: TestNode) => {
        const watcher = await on.client('watcher')
        watcher.post({ op: 'subscribe', channel, state: true, silent: true })
        return { on, watcher }
      }
      const watching = [await watch(hall.at(0)), await watch(hall.at(1))]
      for (const one of steps) await hall.act(one)
      way.messages = () => [0]
      t.lines.heal()
      for (const { node: one } of t.nodes) t.lines.mend(one.id)
      for (const one of t.nodes) if (!hall.dead.has(one)) watching.push(await watch(one))
      await clock.advance(leaseMs + 2_000 + graceMs)
      const people = hall.guests.map(({ user }) => user).sort()
      const cursors = Object.fromEntries(
        hall.guests.flatMap(({ user, cursor }) => (cursor === undefined ? [] : [[user, cursor]])),
      )
      for (const { on, watcher } of watching) {
        if (hall.dead.has(on)) continue
        expect(watcher.states.get(channel)?.gaps).toBe(0)
        expect(here(watcher)).toEqual(people)
        expect(watcher.state(channel, 'cursor')).toEqual(cursors)
        expect(watcher.faults).toEqual([])
      }
    }),
    { numRuns: 40, interruptAfterTimeLimit: 15_000 },
  )
})
