import { afterAll, beforeAll, expect, test } from 'vitest'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { Crowd } from './crowd.ts'
import { ServerProcess } from './server-process.ts'

const clients = 200
const missed = 50
const channel = 'chat:storm'

let server: ServerProcess
let line: FaultProxy
let authors: Crowd
let listeners: Crowd

beforeAll(async () => {
  server = await ServerProcess.start()
  line = await FaultProxy.to(server.port)
  authors = await Crowd.join({ server, channel, size: 5, names: 'author' })
  listeners = await Crowd.join({ server, channel, size: clients, names: 'listener', url: line.url })
})

afterAll(async () => {
  authors.leave()
  listeners.leave()
  await line.close()
  await server.remove()
})

test('two hundred clients that come back together after kill -9 get what they missed, once and in order', async () => {
  authors.publishAll(2)
  await authors.answered()
  await listeners.everybodyHas(10)
  line.cut()
  authors.publishAll(missed / authors.parties.length)
  await authors.answered()
  await server.kill()
  await server.start()
  line.heal()
  await listeners.everybodyHas(10 + missed)
  // They go on where they are.
  authors.publishAll(2)
  await authors.answered()
  await listeners.everybodyHas(20 + missed)
  expect(listeners.disconnects).toBe(clients)
  expect([...listeners.verdict(authors.acked), ...authors.verdict()]).toEqual([])
})
