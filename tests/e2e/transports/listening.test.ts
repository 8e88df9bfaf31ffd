import { afterAll, beforeAll, expect, test } from 'vitest'
import { EventReader } from './event-reader.ts'
import { House, type HouseNode } from './house.ts'
import { freshChannel } from './scenario.ts'

let house: House
beforeAll(async () => {
  house = await House.open()
})
afterAll(() => house.close())

const listen = (node: HouseNode | undefined, query: string, headers: Record<string, string> = {}) =>
  EventReader.open(`http://127.0.0.1:${node?.port}/realtime/sse?${query}`, headers)

const bearer = { authorization: 'Bearer ada' }

async function publish(channel: string, ...data: unknown[]): Promise<void> {
  const identity = { app: 'default', role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] } as const
  for (const one of data)
    await house.nodes[0]?.node.call(identity, 'channels.publish', { channel, data: one })
}

test('curl hears several channels, and goes on where it was at another node', async () => {
  const [one, two] = [freshChannel('room'), freshChannel('tick')]
  const query = `channel=${one}&channel=${two}`
  const first = await listen(house.nodes[0], query, bearer)
  expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  await publish(one, 1, 2)
  await publish(two, 'a')
  await expect.poll(() => first.messages).toEqual([1, 2, 'a'])
  first.close()
  await publish(one, 3, 4)
  await publish(two, 'b')
  const headers = { ...bearer, 'last-event-id': first.lastEventId }
  const second = await listen(house.nodes[1], query, headers)
  await publish(one, 5)
  await expect.poll(() => [...second.messages].sort()).toEqual([3, 4, 5, 'b'])
  const verdicts = second.events.filter(({ name }) => name === 'subscribed').map(({ data }) => data)
  expect(verdicts).toMatchObject([{ recovered: true }, { recovered: true }])
  second.close()
})

test('a position that means nothing is said, and listening begins at the head', async () => {
  const channel = freshChannel('room')
  await publish(channel, 1)
  const id = `${encodeURIComponent(channel)}=another.7&nonsense&x=1`
  const reader = await listen(house.nodes[0], `channel=${channel}`, { ...bearer, 'last-event-id': id })
  await publish(channel, 2)
  await expect.poll(() => reader.messages).toEqual([2])
  expect(reader.events[0]).toMatchObject({
    name: 'subscribed',
    data: { channel, recovered: false, reason: 'epoch_changed' },
  })
  reader.close()
})

test('the newest few first, and large events whole', async () => {
  const channel = freshChannel('room')
  const large = 'ü\n\r\u2028'.repeat(6_000)
  await publish(channel, 1, 2, large)
  const reader = await listen(house.nodes[1], `channel=${channel}&recent=2`, bearer)
  await expect.poll(() => reader.messages).toEqual([2, large])
  reader.close()
})

test('a browser comes back by itself with a ticket that is used up, at any node, and nobody else does', async () => {
  const channel = freshChannel('room')
  const asked = await fetch(`http://127.0.0.1:${house.nodes[0]?.port}/realtime/tickets`, {
    method: 'POST',
    body: '{}',
    headers: bearer,
  })
  const { ticket } = (await asked.json()) as { ticket: string }
  const query = `channel=${channel}&ticket=${ticket}`
  // Issued by one node, used at the other.
  const first = await listen(house.nodes[1], query)
  const cookie = first.response.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(
    /^parley-sse-[0-9a-f]{16}=ada; Path=\/realtime\/sse; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
  )
  await publish(channel, 1)
  await expect.poll(() => first.messages).toEqual([1])
  first.close()
  await publish(channel, 2)
  const back = { cookie: cookie.split(';', 1)[0] ?? '', 'last-event-id': first.lastEventId }
  const second = await listen(house.nodes[0], query, back)
  await expect.poll(() => second.messages).toEqual([2])
  second.close()
  const thief = await listen(house.nodes[0], query)
  expect(thief.response.status).toBe(401)
})

test('who may not, is told why before a stream begins', async () => {
  const unknown = await listen(house.nodes[0], 'channel=nothing:a', bearer)
  expect([unknown.response.status, unknown.response.headers.get('content-type')]).toEqual([
    404,
    'application/json; charset=utf-8',
  ])
  const partly = await listen(house.nodes[0], `channel=nothing:a&channel=${freshChannel('room')}`, bearer)
  await expect
    .poll(() => partly.events.map(({ name }) => name).sort())
    .toEqual(['subscribed', 'unsubscribed'])
  partly.close()
})

test('a node that stops ends its streams, so that they are opened elsewhere', async () => {
  const node = await house.add()
  const channel = freshChannel('room')
  const reader = await listen(node, `channel=${channel}`, bearer)
  await publish(channel, 1)
  await expect.poll(() => reader.messages).toEqual([1])
  await Promise.all([node.stop(), reader.ended])
  const second = await listen(house.nodes[0], `channel=${channel}`, {
    ...bearer,
    'last-event-id': reader.lastEventId,
  })
  await publish(channel, 2)
  await expect.poll(() => second.messages).toEqual([2])
  second.close()
})
