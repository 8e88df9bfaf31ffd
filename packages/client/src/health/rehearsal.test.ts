import { expect, test } from 'vitest'
import { ManualClock, settle } from '../testing/manual-clock.ts'
import { ScriptedServer } from '../testing/scripted-server.ts'
import { rehearse } from './rehearsal.ts'

function stage() {
  const clock = new ManualClock()
  const server = new ScriptedServer()
  const rehearsal = rehearse(server, 'wss://x', { clock, patienceMs: 1_000 })
  return { clock, end: server.last, ...rehearsal }
}

test('a server that answers a ping; the link carries nothing else', async () => {
  const { answered, clock, end } = stage()
  await end.open()
  expect(end.messages).toEqual(['{"op":"ping"}'])
  end.sendText('{"op":"pong"}')
  expect(await answered).toBe(true)
  expect([end.closedByClient?.code, clock.pending]).toEqual([1000, 0])
})

test('one that does not in time, one that closes, one that is not waited for', async () => {
  const late = stage()
  await late.end.open()
  await late.clock.advance(1_000)
  expect([await late.answered, late.end.closedByClient?.code]).toEqual([false, 1000])
  const gone = stage()
  await gone.end.close(1006)
  expect([await gone.answered, gone.clock.pending]).toEqual([false, 0])
  const dropped = stage()
  dropped.cancel()
  await settle()
  expect([await dropped.answered, dropped.end.closedByClient?.code]).toEqual([false, 1000])
})
