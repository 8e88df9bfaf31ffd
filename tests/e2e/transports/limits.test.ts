import { once } from 'node:events'
import { pollingTransport, type TransportId, transportOf } from '@parley/client/transports'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { House } from './house.ts'
import { clientOf, freshChannel, scenario } from './scenario.ts'

const ids: readonly TransportId[] = ['websocket', 'sse', 'http-stream', 'polling']

async function houseOf(limits: Readonly<Record<string, number>>): Promise<{ house: House; url: string }> {
  const house = await House.open({ nodes: 1, limits })
  return { house, url: `http://127.0.0.1:${house.nodes[0]?.port}` }
}

test('one connection more than a node takes is refused before it is opened, with when to come back', async () => {
  const { house, url } = await houseOf({ maxConnections: 2 })
  const kept = ids.slice(0, 2).map((id) => clientOf({ url, transport: () => transportOf(id) }, 'ada'))
  await Promise.all(kept.map((client) => client.connect()))
  for (const resource of ['stream', 'sse', 'poll']) {
    const response = await fetch(`${url}/realtime/${resource}`, {
      method: 'POST',
      body: '{}\n{"op":"connect","id":1}',
    })
    expect([resource, response.status, response.headers.get('retry-after')]).toEqual([resource, 503, '5'])
    expect(await response.json()).toMatchObject({ code: 'overloaded', retryable: true })
  }
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  socket.on('error', () => undefined)
  const [, answer] = await once(socket, 'unexpected-response')
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
  // Who leaves makes room.
  kept[0]?.disconnect()
  const next = clientOf({ url, transport: () => transportOf('polling') }, 'bob')
  await next.connect()
  for (const client of [...kept, next]) client.disconnect()
  await house.close()
})

describe('heartbeats', () => {
  const quick = { pingIntervalMs: 400, pingTimeoutMs: 2_000 }

  test.each(ids)('%s: a client that has nothing to say stays', async (id) => {
    const { house, url } = await houseOf(quick)
    const client = clientOf({ url, transport: () => transportOf(id) }, 'ada')
    const ends: unknown[] = []
    client.on('disconnect', (end) => ends.push(end))
    await client.connect()
    const { node } = house.nodes[0] as (typeof house.nodes)[0]
    // Several pings pass; what is published afterwards still comes over the same connection.
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect([ends, node.status().connections]).toEqual([[], 1])
    client.disconnect()
    await house.close()
  })

  test('one that does not answer is closed and told so', async () => {
    const { house, url } = await houseOf({ pingIntervalMs: 200, pingTimeoutMs: 200 })
    const body = '{}\n{"op":"connect","id":1,"token":"ada"}'
    const response = await fetch(`${url}/realtime/stream`, { method: 'POST', body })
    const lines = (await response.text()).trim().split('\n')
    expect(lines.at(-1)).toBe('{"op":"close","code":4203,"reason":"ping_timeout"}')
    await house.close()
  })
})

describe('polling at intervals', () => {
  test('has the same guarantees', async () => {
    const { house, url } = await houseOf({})
    await scenario({ url, transport: () => pollingTransport({ pollInterval: 100 }) })
    await house.close()
  })

  test('pauses that are longer than a ping may go unanswered are agreed upon', async () => {
    const { house, url } = await houseOf({ pingIntervalMs: 200, pingTimeoutMs: 200, slowConsumerMs: 300 })
    const way = { url, transport: () => pollingTransport({ pollInterval: 1_500 }) }
    const client = clientOf(way, 'ada')
    const ends: unknown[] = []
    client.on('disconnect', (end) => ends.push(end))
    const channel = freshChannel('room')
    const heard: unknown[] = []
    client.subscribe(channel, { onEvent: ({ data }) => heard.push(data) })
    await client.connect()
    await Promise.all([1, 2, 3].map((data) => client.channels.publish({ channel, data })))
    await expect.poll(() => heard, { timeout: 20_000 }).toEqual([1, 2, 3])
    expect(ends).toEqual([])
    client.disconnect()
    await house.close()
  })
})
