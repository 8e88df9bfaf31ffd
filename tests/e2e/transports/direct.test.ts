import type { TransportId } from '@parley/client/transports'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { balanced, serviceUrl } from './balancer.ts'
import { House } from './house.ts'
import { clientOf, freshChannel, scenario } from './scenario.ts'

const ids: readonly TransportId[] = ['websocket', 'sse', 'http-stream', 'polling']

describe.each(ids)('%s', (id) => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterAll(() => house.close())

  test('the whole scenario, straight to one node', () => {
    const url = `http://127.0.0.1:${house.nodes[0]?.port}`
    return scenario({ url, transport: () => balanced(house, id) })
  })

  test('the whole scenario, every request to another node', () =>
    scenario({ url: serviceUrl, transport: () => balanced(house, id) }))

  test('nodes stop and die one after the other: every event once, in order, at everybody', async () => {
    const way = { url: serviceUrl, transport: () => balanced(house, id) }
    const channel = freshChannel('room')
    const writer = clientOf(way, 'ada')
    const readers = ['bob', 'cleo', 'dora', 'emil'].map((user) => clientOf(way, user))
    const heard = readers.map(() => [] as unknown[])
    const unrecovered: unknown[] = []
    for (const [index, reader] of readers.entries())
      reader.subscribe(channel, {
        onEvent: ({ data }) => heard[index]?.push(data),
        onUnrecovered: (verdict) => unrecovered.push(verdict),
      })
    await Promise.all([writer, ...readers].map((client) => client.connect()))
    const acks: Promise<unknown>[] = []
    let count = 0
    const write = async (many: number) => {
      for (let index = 0; index < many; index++) {
        acks.push(writer.channels.publish({ channel, data: count++ }))
        if (index % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    for (const end of ['stop', 'kill', 'stop', 'kill'] as const) {
      await write(50)
      await house.add()
      const ended = house.nodes[0]?.[end]()
      await write(50)
      await ended
    }
    await write(20)
    await Promise.all(acks)
    const all = Array.from({ length: count }, (_, index) => index)
    await expect
      .poll(() => heard.map((events) => events.length), { timeout: 60_000 })
      .toEqual(readers.map(() => count))
    for (const events of heard) expect(events).toEqual(all)
    expect(unrecovered).toEqual([])
    for (const client of [writer, ...readers]) client.disconnect()
  })
})
