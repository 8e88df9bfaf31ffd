import type { ReplyFrame } from '@parley/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Crowd } from './crowd.ts'
import { ServerProcess } from './server-process.ts'
import { WireClient } from './wire-client.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})

afterAll(() => server.remove())

async function headOf(channel: string): Promise<number> {
  const token = await server.token('reader')
  const response = await fetch(`${server.url}/api/channels/${channel}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return ((await response.json()) as { readonly head: number }).head
}

test('clients that send all the time go on by themselves after a restart, and nothing is lost or doubled', async () => {
  const crowd = await Crowd.join({ server, channel: 'chat:restart', size: 20 })
  await crowd.sendDuring(async () => {
    await crowd.hasAcked(200)
    expect(await server.stop()).toBe(0)
    const { size } = crowd.acked
    await server.start()
    await crowd.hasAcked(size + 200)
  })
  await crowd.answered()
  await crowd.everybodyHas()
  expect(crowd.disconnects).toBe(20)
  expect(crowd.verdict()).toEqual([])
  crowd.leave()
})

test('a server that stops says so, answers all that it has accepted, and stores nothing else', async () => {
  const channel = 'chat:last-words'
  const client = await WireClient.connect(
    `${server.url.replace('http', 'ws')}/realtime`,
    await server.token('ada'),
  )
  const publish = { op: 'call', command: 'channels.publish', input: { channel, data: 'x' } } as const
  const ids = client.send(...Array.from({ length: 150 }, () => publish))
  await client.reply(ids[0] as number)
  const exit = server.stop()
  // The message comes while the server is stopping, or a moment before.
  ids.push(...client.send(...Array.from({ length: 150 }, () => publish)))
  expect(await client.next('goaway')).toMatchObject({ retryAfterMs: expect.any(Number) })
  expect(await client.closed).toMatchObject({ code: 4201 })
  expect(await exit).toBe(0)

  const replies = client.frames.filter(
    (frame): frame is ReplyFrame => frame.op === 'reply' && ids.includes(frame.id),
  )
  const done = replies.filter(({ error }) => error === undefined)
  const codes = new Set(replies.flatMap(({ error }) => error?.code ?? []))
  expect([...codes].filter((code) => code !== 'unavailable')).toEqual([])
  expect(new Set(replies.map(({ id }) => id)).size).toBe(replies.length)
  expect(done.length).toBeGreaterThanOrEqual(150)
  await server.start()
  expect(await headOf(channel)).toBe(done.length)
})
