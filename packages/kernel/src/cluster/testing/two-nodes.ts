import type { TestClient } from '../../testing/test-client.ts'
import { type TestCluster, type TestClusterOptions, testCluster } from '../../testing/test-cluster.ts'
import type { TestNode } from '../../testing/test-node.ts'

/** Two nodes, with somebody on each. */
export interface TwoNodes extends TestCluster {
  readonly one: TestNode
  readonly two: TestNode
  /** On the first node. */
  readonly ada: TestClient
  /** On the second one. */
  readonly bob: TestClient
}

export async function twoNodes(options: TestClusterOptions = {}): Promise<TwoNodes> {
  const t = await testCluster(options)
  const [one, two] = t.nodes as readonly [TestNode, TestNode]
  return { ...t, one, two, ada: await one.client('ada'), bob: await two.client('bob') }
}

/** What a client has got of a channel. */
export function dataOf(client: TestClient, channel: string): readonly unknown[] {
  return client.of(channel).map((event) => event.data)
}

/** How signals travel, changed while a test runs. By default they arrive in the same turn, each once. */
export interface Road {
  /** Milliseconds for each copy of an announcement, by its number and channel; none: it is lost. */
  announcements: (count: number, channel: string) => readonly number[]
  messages: () => readonly number[]
  /** Announcements under way so far. */
  count: number
}

export function road(): Road & Pick<TestClusterOptions, 'travel'> {
  const made: Road & Pick<TestClusterOptions, 'travel'> = {
    announcements: () => [0],
    messages: () => [0],
    count: 0,
    travel: ({ what, channel = '' }) =>
      what === 'message' ? made.messages() : made.announcements(++made.count, channel),
  }
  return made
}

/** A text that is too large to be announced with its event. */
export const largeText = 'x'.repeat(20_000)
