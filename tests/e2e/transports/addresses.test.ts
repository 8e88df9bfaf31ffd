import { fallbackTransport, sseTransport, websocketTransport } from '@parley/client/transports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Gate } from '../../browser/gate.ts'
import { House } from './house.ts'
import { clientOf, freshChannel } from './scenario.ts'

let house: House
let first: Gate
let second: Gate

beforeEach(async () => {
  house = await House.open({ nodes: 2 })
  const [one, other] = house.nodes.map(({ port }) => port) as [number, number]
  first = await Gate.to(one)
  second = await Gate.to(other)
})
afterEach(async () => {
  for (const gate of [first, second]) await gate?.close()
  await house?.close()
})

/** A client that knows both addresses, and what it hears. */
function listener(prefer?: 'nearest') {
  const channel = freshChannel('room')
  const transport = fallbackTransport([websocketTransport(), sseTransport()], {
    ...{ backups: [second.url], prefer, patienceMs: 1_000, upgradeMs: 200 },
  })
  const client = clientOf({ url: first.url, transport: () => transport }, 'ada')
  const heard: unknown[] = []
  client.subscribe(channel, { recent: 100, onEvent: ({ data }) => heard.push(data) })
  return { client, heard, say: (data: unknown) => client.call('channels.publish', { channel, data }) }
}

const lines = () => [first.webSockets, second.webSockets]

test('of two addresses the first is used while it answers, and returned to when it does again; nothing is lost', async () => {
  const { client, heard, say } = listener()
  await client.connect()
  await say(1)
  expect(lines()).toEqual([1, 0])
  first.cut()
  await say(2)
  await expect.poll(lines).toEqual([0, 1])
  await say(3)
  first.open()
  await expect.poll(lines).toEqual([1, 0])
  await say(4)
  first.cut()
  await say(5)
  await expect.poll(lines).toEqual([0, 1])
  await expect.poll(() => heard).toEqual([1, 2, 3, 4, 5])
  client.disconnect()
})

test('of two addresses the one that answers soonest is used', async () => {
  first.hidesHealth = true
  const { client, heard, say } = listener('nearest')
  await client.connect()
  await say('near')
  expect(lines()).toEqual([0, 1])
  await expect.poll(() => heard).toEqual(['near'])
  client.disconnect()
})
