import { type MemoryCluster, type MemoryClusterOptions, memoryCluster } from '../memory/broker.ts'
import { MemoryDisk } from '../memory/disk.ts'
import { memoryLease } from '../memory/lease.ts'
import { memoryRecentLog } from '../memory/recent-log.ts'
import type { Lease } from '../ports/lease.ts'
import type { Accept, Connection } from '../ports/transport.ts'
import { type TestNode, type TestNodeOptions, testNode } from './test-node.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface TestClusterOptions
  extends Omit<TestNodeOptions, 'broker' | 'lease' | 'recentLog'>,
    Omit<MemoryClusterOptions, 'clock'> {
  /** Default: 2. */
  readonly nodes?: number
  /** What one node has otherwise than the others. Modules that remember something are made here, for each node anew. */
  readonly each?: (index: number) => Partial<TestNodeOptions>
}

/** Several nodes on one virtual clock: they share a disk, a recent log and what lies between their brokers. */
export interface TestCluster {
  readonly clock: VirtualClock
  readonly disk: MemoryDisk
  /** What lies between the nodes: partitions and losses are made here. */
  readonly lines: MemoryCluster
  readonly lease: Lease
  /** In the order in which they were started. */
  readonly nodes: readonly TestNode[]
  /** Starts one more node, as `each` says. */
  add(options?: Partial<TestNodeOptions>): Promise<TestNode>
  /** Ends a node as `kill -9` does: its connections break, and what it had not stored is lost. */
  kill(node: TestNode): void
}

interface Life {
  readonly connections: Set<Connection>
  isOver: boolean
}

/** Starts a {@link TestCluster}, each node as `testNode` does. */
export async function testCluster({
  nodes: count = 2,
  each = () => ({}),
  leaseMs,
  travel,
  followMs,
  ...options
}: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = options.clock ?? new VirtualClock()
  const disk = options.disk ?? new MemoryDisk(clock.secret(128))
  const recentLog = memoryRecentLog({ clock, isShared: true })
  const lease = memoryLease({ clock })
  const lines = memoryCluster({
    clock,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(travel === undefined ? {} : { travel }),
    ...(followMs === undefined ? {} : { followMs }),
  })
  const nodes: TestNode[] = []
  const lives = new Map<TestNode, Life>()
  const add = async (more: Partial<TestNodeOptions> = {}) => {
    const life: Life = { connections: new Set(), isOver: false }
    const shared = { clock, disk, recentLog, lease: leaseIn(life, lease), broker: lines.broker() }
    const parts = { ...options, ...shared, ...each(nodes.length), ...more }
    const { aroundAccept = (accept: Accept) => accept } = parts
    const node = await testNode({ ...parts, aroundAccept: (accept) => noting(life, aroundAccept(accept)) })
    nodes.push(node)
    lives.set(node, life)
    return node
  }
  while (nodes.length < count) await add()
  const kill = (node: TestNode) => {
    lines.lose(node.node.id)
    node.store.crash()
    const life = lives.get(node) as Life
    life.isOver = true
    for (const connection of life.connections) connection.close(1006, '')
  }
  return { clock, disk, lines, lease, nodes, add, kill }
}

/** What is left of a node that was killed has no way to the leases. */
function leaseIn(life: Life, lease: Lease): Lease {
  return {
    take: async (...wanted) => (life.isOver ? undefined : lease.take(...wanted)),
    release: async (...held) => (life.isOver ? undefined : lease.release(...held)),
  }
}

function noting({ connections }: Life, accept: Accept): Accept {
  return (connection, handshake) => {
    connections.add(connection)
    return accept(connection, handshake)
  }
}
