import type { RealtimeClient } from '@parley/client/realtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openChat } from '../../examples/realtime/chat.ts'
import { tellPeople } from '../../examples/realtime/feedback.ts'
import { workOn } from '../../examples/realtime/rooms.ts'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { ServerProcess } from './server-process.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.remove())

test('a chat for everyone', async () => {
  const lines: string[] = []
  const chat = await openChat(server.url, await server.token('Ada'), (line) => lines.push(line))
  await chat.say('Hello world!')
  await expect.poll(() => lines).toEqual(['user123: Hello world!'])
  chat.close()
})

test('work in a room', async () => {
  const shown: string[] = []
  const ada = await workOn(server.url, await server.token('Ada'), (text) => shown.push(text))
  const ben = await workOn(server.url, await server.token('Ben'), () => undefined)
  await ben.insert('Hello')
  await ben.warn('Out of paper')
  await expect.poll(() => shown).toEqual(['project-alpha doc-123 ben: Hello', 'critical: Out of paper'])
  for (const { client } of [ada, ben]) client.disconnect()
})

test('people are told', async () => {
  const proxy = await FaultProxy.to(server.port)
  const { client } = await workOn(proxy.url, await server.token('Ada'), () => undefined)
  const told: string[] = []
  const stop = tellPeople(client as RealtimeClient<object> as RealtimeClient, (words) => told.push(words))
  proxy.reset()
  await expect
    .poll(() => told.slice(0, 2), { timeout: 20_000 })
    .toEqual(['The line broke. What you write is sent when it is back.', 'Connected.'])
  client.disconnect()
  expect(told.at(-1)).toBe('Disconnected.')
  stop()
  await proxy.close()
})
