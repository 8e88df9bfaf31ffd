import { afterAll, beforeAll, expect, test } from 'vitest'
import { Crowd } from './crowd.ts'
import { ServerProcess } from './server-process.ts'

const clients = 50
const rounds = 20
const perRound = 8

let server: ServerProcess
let crowd: Crowd

beforeAll(async () => {
  server = await ServerProcess.start()
  crowd = await Crowd.join({ server, channel: 'chat:kill-nine', size: clients })
})

afterAll(async () => {
  crowd.leave()
  await server.remove()
})

test('a server that is killed in the middle of fifty pipelining clients, twenty times, loses and doubles nothing', {
  timeout: 240_000,
}, async () => {
  for (let round = 0; round < rounds; round++) {
    const before = crowd.acked.size
    crowd.publishAll(perRound)
    // In the middle: some of this round are acknowledged, and most are not.
    await crowd.hasAcked(before + 20 + round * 10)
    await server.kill()
    await server.start()
  }
  await crowd.answered()
  expect(crowd.acked.size).toBe(clients * perRound * rounds)
  await crowd.everybodyHas()
  expect(crowd.verdict()).toEqual([])
})
