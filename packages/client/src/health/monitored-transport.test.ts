import { expect, test } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { ScriptedServer } from '../testing/scripted-server.ts'
import type { LinkReading } from './link-reading.ts'
import { monitoredTransport } from './monitored-transport.ts'

async function stage(timeoutMs?: number) {
  const clock = new ManualClock()
  const server = new ScriptedServer()
  const readings: LinkReading[] = []
  const told: unknown[] = []
  const transport = monitoredTransport(server, {
    ...{ clock, intervalMs: 1_000, timeoutMs },
    onReading: (reading) => readings.push(reading),
    onRoundTrip: (ms) => told.push(ms),
    onLink: () => told.push('link'),
    onEnd: () => told.push('end'),
  })
  const received: string[] = []
  const link = transport.open('wss://x', {
    opened: () => undefined,
    received: (text) => received.push(text),
    closed: (code, reason) => told.push([code, reason]),
  })
  const { last } = server
  await last.open()
  link.send('{"op":"connect","id":1}')
  await clock.advance(500)
  expect(last.frames.map(({ op }) => op)).toEqual(['connect'])
  last.sendText('{"op":"reply","id":1,"ok":{}}')
  await clock.advance(0)
  last.next('connect')
  return { clock, last, link, readings, received, told }
}

test('a link is probed from its first message on, and read at each interval', async () => {
  const { clock, last, link, readings, received, told } = await stage()
  expect(last.next('ping')).toEqual({ op: 'ping' })
  link.send('{"op":"call","id":2,"command":"a.b","key":"k"}\n{"op":"call","id":3,"command":"a.b","key":"l"}')
  await clock.advance(80)
  last.sendText('{"op":"pong"}\n{"op":"reply","id":2,"error":{"code":"forbidden"}}')
  await clock.advance(920)
  await clock.advance(1_000)
  expect(told).toEqual(['link', 80])
  expect(received).toHaveLength(2)
  expect(readings).toMatchObject([
    {
      ageMs: 1_000,
      roundTripMs: 80,
      unanswered: 0,
      waitingMs: 0,
      silenceMs: 920,
      requests: 1,
      answers: 2,
      errors: 1,
    },
    {
      ageMs: 2_000,
      roundTripMs: undefined,
      unanswered: 1,
      waitingMs: 1_000,
      silenceMs: 1_920,
      requests: 1,
      answers: 0,
      errors: 0,
    },
  ])
  expect(readings[0]?.sent).toBeGreaterThan(80)
  link.close(1000, '')
  expect([told.at(-1), clock.pending]).toEqual(['end', 0])
})

test('a link that does not answer a probe in time is given up', async () => {
  const { clock, last, told } = await stage(500)
  await clock.advance(10)
  // Any sound will do.
  last.sendText('{"op":"ping"}')
  await clock.advance(1_489)
  expect(told).toEqual(['link'])
  await clock.advance(1)
  expect(told).toEqual(['link', 'end', [4203, 'Nothing came from the server for 1 s.']])
  expect(clock.pending).toBe(0)
})

test('what a sleeping device did not hear says nothing about the link', async () => {
  const { clock, last, readings, told } = await stage(500)
  // Its timers stood still: the next one comes much too late.
  clock.sleep(60_000)
  await clock.advance(0)
  expect([readings, told]).toEqual([[], ['link']])
  last.frames.length = 0
  await clock.advance(100)
  last.sendText('{"op":"pong"}')
  await clock.advance(900)
  expect(readings).toMatchObject([{ unanswered: 0, silenceMs: 900 }])
  expect(last.next('ping')).toBeDefined()
})
