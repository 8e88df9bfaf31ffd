import {
  type TestClient,
  type TestNode,
  type TestNodeOptions,
  testIdentity,
  testModule,
  testNode,
  testToken,
} from '@parley/kernel/testing'
import { type PresenceOptions, presenceModule } from '../index.ts'
import type { Presence, PresenceOf } from '../model.ts'

export const backend = testIdentity(undefined)

/** A node with module `presence`, and channels of kind `room` to be in. */
export function presenceNode(
  options: TestNodeOptions & { readonly presence?: PresenceOptions } = {},
): Promise<TestNode> {
  const { presence, ...rest } = options
  return testNode({
    modules: [presenceModule(presence), testModule({ room: { durability: 'ephemeral' } })],
    ...rest,
  })
}

/** A connected client that says which device it runs on. */
export async function deviceOf(t: TestNode, user: string, device: object | string): Promise<TestClient> {
  const client = t.stranger()
  const reply = await client.ask({ op: 'connect', token: testToken(user), client: { device } })
  client.session = reply.ok as TestClient['session']
  return client
}

/** The presence of one user as another one is told when asking; undefined: left out. */
export async function presenceOf(
  t: TestNode,
  user: string,
  viewer = 'viewer',
): Promise<PresenceOf | undefined> {
  const { users } = (await t.call(testIdentity(viewer), 'presence.of', { users: [user] })) as {
    users: PresenceOf[]
  }
  return users[0]
}

/** What a subscriber of `presence:<user>` or `contacts:<…>` knows of a user now. */
export function seen(watcher: TestClient, channel: string, user: string): Presence | undefined {
  return watcher.state(channel)[user] as Presence | undefined
}

/** How the availability of a user changed before the eyes of a subscriber; `offline` for an entry that went. */
export function timeline(watcher: TestClient, channel: string, user: string): string[] {
  const told: string[] = []
  const tell = (availability: string) => void (told.at(-1) === availability || told.push(availability))
  for (const frame of watcher.all('state')) {
    if (frame.channel !== channel) continue
    if (frame.removed.some((key) => key.startsWith(`~${user}|`))) tell('offline')
    for (const entry of frame.set) if (entry.user === user) tell((entry.value as Presence).availability)
  }
  return told
}

export async function watcherOf(t: TestNode, user: string, name = 'watcher'): Promise<TestClient> {
  const client = await t.client(name)
  await client.subscribe(`presence:${user}`, { state: true })
  return client
}
