import { describe, expect, test } from 'vitest'
import { defineKind } from '../kind.ts'
import { type Rates, rateDefaults } from '../limits.ts'
import type { Identity } from '../ports/authenticator.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Throttle } from './throttle.ts'

function throttle(rates: Partial<Rates>): { clock: VirtualClock; throttle: Throttle } {
  const clock = new VirtualClock()
  const none = { perSecond: 0, burst: 0 }
  const all = { ...rateDefaults, user: none, ip: none, app: none, connectPerIp: none, ...rates }
  return { clock, throttle: new Throttle(clock, all) }
}

const one = { perSecond: 1, burst: 1 }
const user = (name: string, app = 'app'): Identity => ({ app, user: name, role: 'user', grants: [] })
const backend: Identity = { app: 'app', role: 'backend', grants: [] }
const from = (identity: Identity | undefined, ip?: string) => ({
  identity,
  requestId: 'r',
  ...(ip === undefined ? {} : { ip }),
})

describe('calls', () => {
  test('of a user count together, wherever they come from; those of others do not', async () => {
    const { clock, throttle: rates } = throttle({ user: one })
    expect(rates.call(from(user('ann'), '1'))).toBe(0)
    expect(rates.call(from(user('ann'), '2'))).toBe(1_000)
    expect(rates.call(from(user('bob'), '1'))).toBe(0)
    expect(rates.call(from(user('ann', 'other'), '1'))).toBe(0)
    await clock.advance(1_000)
    expect(rates.call(from(user('ann'), '1'))).toBe(0)
  })

  test('of an address count together, whoever they are of', () => {
    const { throttle: rates } = throttle({ ip: one })
    expect(rates.call(from(user('ann'), '1'))).toBe(0)
    expect(rates.call(from(user('bob'), '1'))).toBe(1_000)
    expect(rates.call(from(undefined, '1'))).toBe(1_000)
    expect(rates.call(from(user('bob'), '2'))).toBe(0)
    expect(rates.call(from(user('bob')))).toBe(0)
  })

  test('of a back end count for its app alone', () => {
    const { throttle: rates } = throttle({ user: one, ip: one })
    for (let n = 0; n < 5; n++) expect(rates.call(from(backend, '1'))).toBe(0)
    const { throttle: limited } = throttle({ app: one })
    expect(limited.call(from(backend, '1'))).toBe(0)
    expect(limited.call(from(backend, '1'))).toBe(1_000)
    expect(limited.call(from(user('ann'), '1'))).toBe(1_000)
    expect(limited.call(from(user('ann', 'other'), '1'))).toBe(0)
  })

  test('a jump of the wall clock changes nothing', () => {
    const { clock, throttle: rates } = throttle({ user: one })
    rates.call(from(user('ann')))
    clock.jump(3_600_000)
    expect(rates.call(from(user('ann')))).toBe(1_000)
  })
})

describe('connections', () => {
  test('of an address are counted until they are released', () => {
    const { throttle: rates } = throttle({})
    rates.connected('1')
    rates.connected('1')
    rates.connected('2')
    rates.released('1')
    expect([rates.connectionsFrom('1'), rates.connectionsFrom('2'), rates.connectionsFrom('3')]).toEqual([
      1, 1, 0,
    ])
    rates.released('1')
    rates.released('1')
    rates.connected('1')
    expect(rates.connectionsFrom('1')).toBe(1)
  })

  test('come at a rate', () => {
    const { throttle: rates } = throttle({ connectPerIp: { perSecond: 2, burst: 2 } })
    expect([rates.connect('1'), rates.connect('1'), rates.connect('1'), rates.connect('2')]).toEqual([
      0, 0, 500, 0,
    ])
  })
})

describe('channels', () => {
  test('of a kind with a rate have a bucket each, of twice the rate', () => {
    const { throttle: rates } = throttle({})
    const limited = defineKind('test', 'chat', { limits: { publishPerSecond: 1 } })
    expect(rates.channelBuckets(defineKind('test', 'free'))).toBeUndefined()
    const buckets = rates.channelBuckets(limited)
    expect(rates.channelBuckets(limited)).toBe(buckets)
    expect(['a', 'a', 'a', 'b'].map((name) => buckets?.take(name, 0))).toEqual([0, 0, 1_000, 0])
  })

  test('are swept like all that is counted, without anybody gaining by it', async () => {
    const { clock, throttle: rates } = throttle({ user: one })
    const buckets = rates.channelBuckets(defineKind('test', 'chat', { limits: { publishPerSecond: 1 } }))
    buckets?.take('a', 0)
    rates.call(from(user('ann')))
    rates.sweep()
    expect(rates.call(from(user('ann')))).toBe(1_000)
    await clock.advance(1_000)
    rates.sweep()
    expect(rates.call(from(user('ann')))).toBe(0)
  })
})
