import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { CircuitBreaker } from './circuit-breaker.ts'

function stage() {
  const clock = new VirtualClock()
  const breaker = new CircuitBreaker({ clock, service: 'The mail server' })
  let calls = 0
  const call = (error?: unknown) =>
    breaker.run(async () => {
      calls += 1
      if (error !== undefined) throw error
      return 'here'
    })
  const codeOf = (error?: unknown) =>
    call(error).then(
      () => 'ok',
      (thrown: unknown) => (thrown instanceof ParleyError ? thrown.code : 'failed'),
    )
  const fail = async (times: number) => {
    for (let time = 0; time < times; time++) await codeOf(new Error('down'))
  }
  return { clock, breaker, codeOf, fail, calls: () => calls }
}

test('five failures in a row open the circuit: calls are refused without being made, and told when to come again', async () => {
  const { breaker, codeOf, fail, calls } = stage()
  await fail(4)
  expect(await codeOf()).toBe('ok')
  await fail(4)
  expect(breaker.state).toBe('closed')
  await fail(1)
  expect(breaker.state).toBe('open')
  const made = calls()
  await expect(breaker.run(async () => 'x')).rejects.toMatchObject({
    code: 'unavailable',
    retryAfterMs: 60_000,
  })
  expect(calls()).toBe(made)
})

test('after a minute three calls probe it: it closes when all succeed, and opens again when one fails', async () => {
  const { clock, breaker, codeOf, fail } = stage()
  await fail(5)
  await clock.advance(60_000)
  expect(breaker.state).toBe('half_open')
  expect(await codeOf()).toBe('ok')
  await fail(1)
  expect(breaker.state).toBe('open')
  expect(await codeOf()).toBe('unavailable')
  await clock.advance(60_000)
  for (const _ of [1, 2, 3]) expect(await codeOf()).toBe('ok')
  expect(breaker.state).toBe('closed')
})

test('no more than three probes are under way, and probes that never end do not shut it for good', async () => {
  const { clock, breaker, codeOf, fail } = stage()
  await fail(5)
  await clock.advance(60_000)
  for (const _ of [1, 2, 3]) void breaker.run(() => new Promise(() => undefined))
  expect(await codeOf()).toBe('unavailable')
  await clock.advance(60_000)
  expect(await codeOf()).toBe('ok')
})

test('a refusal that is the fault of the request says nothing against the service', async () => {
  const { breaker, codeOf } = stage()
  for (let time = 0; time < 9; time++) await codeOf(new ParleyError('bad_request'))
  expect(breaker.state).toBe('closed')
})

test('an answer to a call from before the circuit opened changes nothing', async () => {
  const { breaker, fail } = stage()
  const late = Promise.withResolvers<string>()
  const call = breaker.run(() => late.promise)
  await fail(5)
  late.resolve('here')
  await call
  expect(breaker.state).toBe('open')
})
