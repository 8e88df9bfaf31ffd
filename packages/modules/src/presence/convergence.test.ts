import { type TestClient, type TestNode, testIdentity, testToken, VirtualClock } from '@parley/kernel/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { presenceNode, seen } from './testing/presence-node.ts'

const users = ['ada', 'grace']

/** A step of the story: who does what on which of their devices, and how long nothing happens then. */
const step = fc.record({
  user: fc.constantFrom(...users),
  device: fc.constantFrom('phone', 'laptop'),
  what: fc.constantFrom('connect', 'drop', 'reload', 'resume', 'leave', 'report', 'watch', 'unwatch'),
  pauseMs: fc.oneof(fc.nat(300), fc.nat(7_000)),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Users with devices, and others who watch them, over a store that takes its time. */
class Story {
  readonly t: TestNode
  readonly #clients = new Map<string, TestClient>()
  /** Clients whose connection broke, whose sessions may be resumed. */
  readonly #broken = new Map<string, TestClient>()
  readonly watchers: TestClient[] = []
  readonly #actions: Readonly<Record<Step['what'], (key: string, step: Step) => Promise<void> | void>> = {
    connect: (key) => this.#connect(key),
    resume: (key) => this.#connect(key, this.#broken.get(key)),
    drop: (key) => this.#drop(key),
    reload: async (key) => {
      if (!this.#clients.has(key)) return
      this.#drop(key)
      await this.#connect(key)
    },
    leave: (key) => {
      this.#clients.get(key)?.wire.close(1000)
      this.#clients.delete(key)
    },
    report: (key, { pauseMs }) => {
      const input = { activity: pauseMs % 2 === 0 ? 'idle' : 'editing' }
      this.#clients.get(key)?.post({ op: 'call', command: 'presence.set', input })
    },
    watch: () => this.watch(),
    unwatch: () => this.watchers.pop()?.wire.close(1000),
  }

  constructor(t: TestNode) {
    this.t = t
  }

  async watch(): Promise<void> {
    if (this.watchers.length === 4) return
    const client = await this.t.client(`watcher${this.watchers.length}`)
    for (const user of users) client.post({ op: 'subscribe', channel: `presence:${user}`, state: true })
    this.watchers.push(client)
  }

  async take(one: Step): Promise<void> {
    await this.#actions[one.what](`${one.user} ${one.device}`, one)
    await this.t.clock.advance(one.pauseMs)
  }

  async #connect(key: string, before?: TestClient): Promise<void> {
    if (this.#clients.has(key)) return
    const [user = '', device = ''] = key.split(' ')
    const client = this.t.stranger()
    const resume = before?.session === undefined ? {} : { resume: before.session }
    const reply = await client.ask({ op: 'connect', token: testToken(user), client: { device }, ...resume })
    client.session = reply.ok as TestClient['session']
    this.#clients.set(key, client)
    this.#broken.delete(key)
  }

  #drop(key: string): void {
    const client = this.#clients.get(key)
    if (client === undefined) return
    client.wire.drop()
    this.#clients.delete(key)
    this.#broken.set(key, client)
  }

  /** Who is present, from what is connected alone. */
  truth(): readonly string[] {
    return users.filter((user) => [...this.#clients.keys()].some((key) => key.startsWith(`${user} `)))
  }

  async end(): Promise<void> {
    for (const client of [...this.#clients.values(), ...this.watchers]) client.wire.close(1000)
    await this.t.clock.advance(60_000)
    const stopping = this.t.node.stop()
    await this.t.clock.advance(10_000)
    await stopping
  }
}

async function tell(seed: number, steps: readonly Step[]): Promise<Story> {
  const clock = new VirtualClock({ seed })
  const slow = () => Math.floor(clock.random() * 20)
  const story = new Story(await presenceNode({ clock, memoryStore: { readMs: slow, commitMs: slow } }))
  await story.watch()
  for (const one of steps) await story.take(one)
  // The grace is over, and the last throttled change is told.
  await clock.advance(6_000)
  return story
}

test('whoever comes, drops, reloads and leaves on however many devices: in the end all see what is true', async () => {
  const stories = fc.tuple(fc.nat(1_000_000), fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }))
  await fc.assert(
    fc.asyncProperty(stories, async ([seed, steps]) => {
      const story = await tell(seed, steps)
      const { t, watchers } = story
      const truth = story.truth()
      for (const watcher of watchers) {
        expect(users.filter((user) => seen(watcher, `presence:${user}`, user) !== undefined)).toEqual(truth)
        expect(watcher.faults).toEqual([])
      }
      const asking = t.node.call(testIdentity('asker'), 'presence.of', { users })
      await t.clock.advance(200)
      const answers = ((await asking) as { users: { user: string; availability: string }[] }).users
      expect(answers.filter((one) => one.availability !== 'offline').map(({ user }) => user)).toEqual(truth)
      await story.end()
      expect(t.clock.pendingTimers).toBe(0)
    }),
    { numRuns: 100 },
  )
}, 60_000)
