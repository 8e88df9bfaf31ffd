import fc from 'fast-check'
import { expect, test } from 'vitest'
import { activities, defaultProfile } from './model.ts'
import { type Attendance, isFor, joinDevices, show, statusAt } from './rules.ts'

const timing = { graceMs: 5_000, idleAfterMs: 300_000 }
const now = 1_000_000

const attendance: fc.Arbitrary<Attendance> = fc.record({
  isConnected: fc.boolean(),
  until: fc.integer({ min: now - 10_000, max: now + 10_000 }),
  activeAt: fc.integer({ min: now - 600_000, max: now }),
  activity: fc.constantFrom(...activities),
  where: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  toldAt: fc.integer({ min: 0, max: now }),
})

test('whatever the order of the devices: the presence is the same, and one more makes nobody less available', () => {
  const devices = fc.uniqueArray(attendance, { selector: ({ toldAt }) => toldAt, maxLength: 6 })
  fc.assert(
    fc.property(devices, attendance, (list, more) => {
      const together = joinDevices(list, now, timing)
      expect(joinDevices([...list].reverse(), now, timing)).toEqual(together)
      const withMore = joinDevices([...list, more], now, timing)
      if (together?.availability === 'online') expect(withMore?.availability).toBe('online')
      if (together !== undefined)
        expect(activities.indexOf(withMore?.activity ?? 'none')).toBeGreaterThanOrEqual(
          activities.indexOf(together.activity),
        )
    }),
  )
})

test('a device counts while it is connected or in its grace; without any the user is offline', () => {
  const one = {
    isConnected: false,
    until: now + 1,
    activeAt: now,
    activity: 'none',
    where: undefined,
    toldAt: 1,
  } as const
  expect(joinDevices([one], now, timing)).toEqual({
    availability: 'online',
    activity: 'none',
    where: undefined,
  })
  expect(joinDevices([{ ...one, until: now }], now, timing)).toBeUndefined()
  expect(joinDevices([], now, timing)).toBeUndefined()
})

test('what others see has no field that says nothing', () => {
  const together = { availability: 'online', activity: 'none', where: undefined } as const
  expect(show(together, defaultProfile, { time: 5, since: 1 })).toEqual({ availability: 'online', since: 1 })
  const busy = { ...defaultProfile, availability: 'busy', status: { text: 'x', until: 6 } } as const
  expect(show(together, busy, { time: 5, since: 1 })).toEqual({
    availability: 'busy',
    status: busy.status,
    since: 1,
  })
  expect(statusAt(busy, 6)).toBeUndefined()
})

test.each([
  ['everyone', true, true, true],
  ['contacts', false, true, true],
  ['nobody', false, false, true],
] as const)(
  'what is for %s is seen by strangers: %s, contacts: %s, oneself: %s',
  (rule, stranger, contact, self) => {
    expect([
      isFor(rule, { isSelf: false, isContact: false }),
      isFor(rule, { isSelf: false, isContact: true }),
      isFor(rule, { isSelf: true, isContact: false }),
    ]).toEqual([stranger, contact, self])
  },
)
