import { afterAll, beforeAll, expect, test } from 'vitest'
import { Crowd } from './crowd.ts'
import { ServerProcess } from './server-process.ts'

const clients = 40
const windowMs = 6_000
const restarts = 3

let server: ServerProcess
/** When each client first tried to connect, since the last look. */
const attempts = new Map<string, number>()

beforeAll(async () => {
  server = await ServerProcess.start({ flags: ['--drain.window-ms', String(windowMs)] })
})

afterAll(() => server.remove())

function onAttempt(name: string): void {
  if (!attempts.has(name)) attempts.set(name, performance.now())
}

test('a server that is restarted again and again under load loses nothing, and its clients come back one after the other', {
  timeout: 180_000,
}, async () => {
  const crowd = await Crowd.join({ server, channel: 'chat:rolling', size: clients, onAttempt })
  const spread: number[] = []
  for (let restart = 1; restart <= restarts; restart++)
    await crowd.sendDuring(async () => {
      await crowd.hasAcked(crowd.acked.size + 200)
      attempts.clear()
      expect(await server.stop()).toBe(0)
      await server.start()
      await expect.poll(() => attempts.size, { timeout: 60_000 }).toBe(clients)
      await crowd.hasAcked(crowd.acked.size + 200)
      const times = [...attempts.values()].sort((a, b) => a - b)
      // Time in which the middle half of them came.
      spread.push(((times.at(-clients / 4) ?? 0) - (times.at(clients / 4) ?? 0)) / windowMs)
    })
  await crowd.answered()
  await crowd.everybodyHas()
  expect(crowd.verdict()).toEqual([])
  expect(crowd.disconnects).toBe(clients * restarts)
  // It is half of the window, but for a machine that is late.
  expect(Math.max(...spread), `${spread}`).toBeGreaterThan(0.3)
  expect(Math.max(...spread), `${spread}`).toBeLessThan(1)
  crowd.leave()
})

test('readiness is red from the signal on, while the server serves on for as long as its notice says', async () => {
  const noticing = await ServerProcess.start({ flags: ['--drain.notice-ms', '60000'] })
  try {
    void noticing.stop()
    await expect
      .poll(() => fetch(`${noticing.url}/ready`).then(({ status }) => status), { timeout: 10_000 })
      .toBe(503)
    const crowd = await Crowd.join({ server: noticing, channel: 'chat:late', size: 2 })
    crowd.publishAll(1)
    await crowd.hasAcked(2)
    expect(crowd.verdict()).toEqual([])
    crowd.leave()
  } finally {
    await noticing.remove()
  }
})
