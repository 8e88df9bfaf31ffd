import { ParleyError } from '@parley/protocol'
import type { MemoryDisk } from '../memory/disk.ts'
import { silentLogger } from '../memory/logger.ts'
import { type MemoryMetrics, memoryMetrics } from '../memory/metrics.ts'
import { memoryRecentLog } from '../memory/recent-log.ts'
import type { MemorySql } from '../memory/sql.ts'
import { type MemoryStore, type MemoryStoreOptions, memoryStore } from '../memory/store.ts'
import { type MemoryTransport, type MemoryTransportOptions, memoryTransport } from '../memory/transport.ts'
import { createNode, type Node, type NodeOptions } from '../node/node.ts'
import type { Authenticator, Grant, Identity } from '../ports/authenticator.ts'
import type { RecentLog } from '../ports/event-log.ts'
import type { Store } from '../ports/store.ts'
import type { Accept } from '../ports/transport.ts'
import { TestClient } from './test-client.ts'
import { testModule } from './test-module.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Accepts tokens made by {@link testToken}: the identity as JSON. */
export const testAuthenticator: Authenticator = {
  authenticate: async ({ token }) => {
    try {
      return JSON.parse(token) as Identity
    } catch {
      throw new ParleyError('unauthenticated')
    }
  },
}

const everything: readonly Grant[] = [{ pattern: '*', actions: ['*'] }]

/** An identity of the app `default` that may do everything, unless told otherwise; without a user a back end. */
export function testIdentity(user: string | undefined, over: Partial<Identity> = {}): Identity {
  const who = user === undefined ? ({ role: 'backend' } as const) : ({ role: 'user', user } as const)
  return { app: 'default', grants: everything, ...who, ...over }
}

export function testToken(user: string, over: Partial<Identity> = {}): string {
  return JSON.stringify(testIdentity(user, over))
}

export interface TestNodeOptions extends Partial<Omit<NodeOptions, 'clock' | 'store' | 'transports'>> {
  readonly clock?: VirtualClock
  /** What an earlier node left behind. */
  readonly disk?: MemoryDisk
  /** In place of the memory store. */
  readonly store?: Store
  /** Gives the memory store SQL, for modules that have tables. */
  readonly sql?: MemorySql
  readonly memoryStore?: Partial<Omit<MemoryStoreOptions, 'clock' | 'disk'>>
  /** Puts something around the memory store: faults, delays, lies. */
  readonly aroundStore?: (store: MemoryStore) => Store
  /** The same around the log of `recent` kinds. */
  readonly aroundRecentLog?: (log: RecentLog) => RecentLog
  /** Puts something around what the node does with a connection. */
  readonly aroundAccept?: (accept: Accept) => Accept
  readonly transport?: MemoryTransportOptions
}

/** A node on virtual time, over memory adapters, with what a test needs to drive it and to look at it from outside. */
export interface TestNode {
  readonly node: Node
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly transport: MemoryTransport
  readonly metrics: MemoryMetrics
  /** A connected client of a user who may do everything, unless told otherwise. */
  client(user: string, over?: Partial<Identity>): Promise<TestClient>
  /** A connected client of an identity. */
  connect(identity: Identity): Promise<TestClient>
  /** A connection that has said nothing yet. */
  stranger(): TestClient
  /** Runs a command as REST does, and lets everything settle that follows from it. */
  call(identity: Identity | undefined, command: string, input: unknown, key?: string): Promise<unknown>
}

/** Lets time pass until something is done: a store may take its time. */
async function passing(clock: VirtualClock, work: Promise<void>): Promise<void> {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  done.catch(() => undefined)
  for (await clock.settle(); !isDone; ) await clock.advance(1)
  return done
}

const same = <T>(value: T): T => value

/** Starts a {@link TestNode}, with {@link testModule} if no modules are given. Rates are off unless given. */
export async function testNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const clock = options.clock ?? new VirtualClock()
  const store = memoryStore({
    clock,
    ...(options.disk === undefined ? {} : { disk: options.disk }),
    ...(options.sql === undefined ? {} : { sql: options.sql }),
    ...options.memoryStore,
  })
  const transport = memoryTransport(options.transport)
  const metrics = memoryMetrics()
  const off = { perSecond: 0, burst: 0 }
  const { aroundStore = same, aroundRecentLog = same, aroundAccept = same } = options
  const node = createNode({
    recentLog: aroundRecentLog(memoryRecentLog({ clock })),
    authenticator: testAuthenticator,
    logger: silentLogger,
    metrics,
    modules: [testModule()],
    rates: { connection: off, user: off, ip: off, connectPerIp: off },
    ...options,
    clock,
    store: options.store ?? aroundStore(store),
    transports: [{ ...transport, start: (accept) => transport.start(aroundAccept(accept)) }],
  })
  await passing(clock, node.start())
  const stranger = (): TestClient => new TestClient(clock, transport.connect())
  const connect = async (identity: Identity): Promise<TestClient> => {
    const client = stranger()
    await client.connect(JSON.stringify(identity))
    return client
  }
  return {
    node,
    clock,
    store,
    transport,
    metrics,
    stranger,
    connect,
    client: (user, over) => connect(testIdentity(user, over)),
    async call(identity, command, input, key) {
      const result = node.call(identity, command, input, { key })
      result.catch(() => undefined)
      await clock.settle()
      return result
    },
  }
}
