import { systemClock } from '@parley/adapters/system-clock'
import { nodeVitals } from '@parley/adapters/vitals/node'
import { createNode, type Identity, type Module, type Node } from '@parley/kernel'
import {
  type MemoryTransport,
  memoryMetrics,
  memoryRecentLog,
  memoryStore,
  memoryTransport,
  silentLogger,
} from '@parley/kernel/memory'
import { channelsModule, operationsModule } from '@parley/modules'
import type { Sample } from '../lines.ts'
import type { Scale } from '../scale.ts'

const subscribers = 20
const channel = 'room:load'
const backend: Identity = { app: 'default', role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] }
const unlimited = { perSecond: 0, burst: 0 }

interface Loaded {
  readonly node: Node
  /** Publishes for so long, and answers the µs of CPU that an event took. */
  run(millis: number): Promise<number>
}

/**
 * What the console costs while nobody looks: the CPU time of an event on a node with module `operations` beside that of
 * a node without it, in one process and in turns of a moment, and what the counting takes that every node does.
 */
export async function overhead(scale: Scale): Promise<Sample> {
  const operations = operationsModule({ version: '0', vitals: nodeVitals(), maxConnections: 1_000 })
  const [plain, watched] = [await loaded([]), await loaded([operations])]
  const [pairs, millis] = scale.isQuick ? [20, 40] : [200, 40]
  for (const one of [plain, watched, plain, watched]) await one.run(scale.warmMillis / 2)
  const costs = { without: [] as number[], withIt: [] as number[] }
  for (let pair = 0; pair < pairs; pair++) {
    const isTurned = pair % 2 === 1
    const first = await (isTurned ? watched : plain).run(millis)
    const second = await (isTurned ? plain : watched).run(millis)
    const [without, withIt] = isTurned ? [second, first] : [first, second]
    costs.without.push(without)
    costs.withIt.push(withIt)
  }
  await Promise.all([plain.node.stop(), watched.node.stop()])
  const cost = undisturbed(costs.without)
  const module = (undisturbed(costs.withIt) / cost - 1) * 100
  const counting = (countingMicros() / cost) * 100
  return { module, counting, overhead: Math.max(0, module) + counting, cost }
}

/** Others on the machine only ever add to a cost: the lowest third tells what the work itself takes. */
function undisturbed(costs: readonly number[]): number {
  const lowest = costs.toSorted((a, b) => a - b).slice(0, Math.ceil(costs.length / 3))
  return lowest.reduce((sum, cost) => sum + cost, 0) / lowest.length
}

async function loaded(more: readonly Module[]): Promise<Loaded> {
  const clock = systemClock()
  const transport = memoryTransport()
  const node = createNode({
    store: memoryStore({ clock }),
    recentLog: memoryRecentLog({ clock }),
    authenticator: { authenticate: async () => ({ ...backend, role: 'user', user: 'reader' }) },
    transports: [transport],
    modules: [channelsModule({ kinds: { room: { durability: 'recent', presence: false } } }), ...more],
    clock,
    logger: silentLogger,
    metrics: memoryMetrics(),
    rates: { connection: unlimited, user: unlimited, ip: unlimited, app: unlimited, connectPerIp: unlimited },
  })
  await node.start()
  await Promise.all(Array.from({ length: subscribers }, () => reader(transport)))
  return { node, run: (millis) => publishFor(node, millis) }
}

function reader(transport: MemoryTransport): Promise<void> {
  return new Promise((resolve) => {
    const client = transport.connect()
    client.onMessage = (text) => {
      if (text.includes('"id":2')) resolve()
    }
    client.send('{"op":"connect","id":1,"token":"any"}')
    client.send(`{"op":"subscribe","id":2,"channel":"${channel}"}`)
  })
}

async function publishFor(node: Node, millis: number): Promise<number> {
  const until = performance.now() + millis
  const begun = process.cpuUsage()
  let published = 0
  while (performance.now() < until) {
    for (let one = 0; one < 32; one++) {
      await node.call(backend, 'channels.publish', { channel, data: published })
      published += 1
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / published
}

/**
 * µs of what a node does for the console with every event: five counts, and eight looks whether somebody watches, traces
 * (the call, its commit, its delivery) or has calls written down.
 */
function countingMicros(): number {
  const counts = {
    frames: 0,
    published: 0,
    calls: 0,
    opened: 0,
    closed: 0,
    timings: undefined as object | undefined,
  }
  const session: { tap: object | undefined } = { tap: undefined }
  const times = 2_000_000
  const begun = performance.now()
  for (let time = 0; time < times; time++) {
    counts.frames += 1
    counts.published += 1
    counts.calls += 1
    counts.opened += 1
    counts.closed += 1
    for (let look = 0; look < 8; look++)
      if (counts.timings !== undefined || session.tap !== undefined) counts.frames -= 1
  }
  if (counts.frames !== times) throw new Error('Nobody watches here.')
  return ((performance.now() - begun) * 1_000) / times
}
