import type { Client, ClientTransport } from '@parley/client'
import { createClient } from '@parley/client'
import { expect } from 'vitest'

/** How a scenario reaches the service. */
export interface Way {
  readonly url: string
  /** A transport for a new client. */
  readonly transport: () => ClientTransport
}

export function clientOf({ url, transport }: Way, user: string): Client {
  const client = createClient({
    url,
    token: user,
    transport: transport(),
    reconnect: { baseMs: 50, capMs: 500 },
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
  })
  client.on('error', () => undefined)
  return client
}

/** A name that no other test uses. */
export function freshChannel(kind: string): string {
  return `${kind}:${crypto.randomUUID().slice(0, 8)}`
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Everything that a client does, on one way to the service. */
export async function scenario(way: Way): Promise<void> {
  const channel = freshChannel('room')
  const [ada, bob] = [clientOf(way, 'ada'), clientOf(way, 'bob')]
  const heard: unknown[] = []
  const room = bob.subscribe(channel, { state: true, onEvent: ({ data }) => heard.push(data) })
  await Promise.all([ada.connect(), bob.connect()])
  await room.ready
  const own = ada.subscribe(channel, { state: true })
  await own.ready

  // Presence and state of each other.
  await ada.setState(channel, 'mood', { text: 'good' })
  await expect
    .poll(() => [...room.state.values()].map(({ user, name }) => `${user} ${name}`).sort(), {
      timeout: 20_000,
    })
    .toEqual(['ada mood', 'ada presence', 'bob presence'])

  // Many calls at once, in order; an event as large as may be; more than one answer may hold.
  const acks = await Promise.all(upTo(200).map((data) => ada.channels.publish({ channel, data })))
  expect(acks.map(({ offset }) => offset)).toEqual(upTo(200).map((index) => index + 1))
  const large = 'ü'.repeat(30_000)
  for (let count = 0; count < 10; count++) await ada.channels.publish({ channel, data: large })
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(210)
  expect(heard).toEqual([...upTo(200), ...upTo(10).map(() => large)])

  // A refusal is an answer like any other.
  await expect(ada.channels.publish({ channel, data: 'ü'.repeat(40_000) })).rejects.toMatchObject({
    code: 'payload_too_large',
  })
  const page = await bob.channels.history({ channel, limit: 300 })
  expect(page.events).toHaveLength(210)

  // Who comes later begins where they want.
  const late: unknown[] = []
  const third = clientOf(way, 'cleo')
  third.subscribe(channel, { recent: 11, onEvent: ({ data }) => late.push(data) })
  await third.connect()
  await expect.poll(() => late.length, { timeout: 20_000 }).toBe(11)
  expect(late[0]).toBe(199)

  // Who leaves is gone at once.
  third.disconnect()
  ada.disconnect()
  await expect
    .poll(() => [...room.state.values()].map(({ user }) => user), { timeout: 4_000 })
    .toEqual(['bob'])
  bob.disconnect()
}
