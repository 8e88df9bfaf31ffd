import { expect, test } from 'vitest'
import { checkRecentLog } from '../testing/check-recent-log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { memoryRecentLog } from './recent-log.ts'

checkRecentLog(test, async () => {
  const clock = new VirtualClock()
  return { log: memoryRecentLog({ clock }), advance: (ms) => clock.advance(ms), close: async () => undefined }
})

const hour = 3_600_000
const retention = { maxEvents: 10, maxAgeMs: hour, maxBytes: 1_000_000 }

function open() {
  const clock = new VirtualClock()
  const log = memoryRecentLog({ clock })
  const append = (channel: string) => {
    const [position] = log.append(
      'acme',
      channel,
      [{ type: 't', data: '1', at: clock.now() }],
      retention,
    ) as [{ epoch: string; offset: number }]
    return position
  }
  return { clock, log, append, channels: () => log.channels('acme', { limit: 10_000 }) }
}

test('append answers in the turn of the call', () => {
  expect(open().append('room:a')).toMatchObject({ offset: 1 })
})

test('events age while other channels are written', async () => {
  const { clock, log, append } = open()
  const { epoch } = append('room:a')
  await clock.advance(hour + 1)
  for (let turn = 0; turn < 3; turn++) append('room:b')
  expect(await log.tops('acme', ['room:a'])).toEqual([{ epoch, head: 1, first: 2 }])
})

test('a channel silent for a day after its last event is forgotten, and begins a new epoch', async () => {
  const { clock, log, append, channels } = open()
  const { epoch } = append('room:a')
  const untouched = await log.tops('acme', ['room:never', 'room:other'])
  for (let elapsed = 0; elapsed < 24; elapsed++) {
    await clock.advance(hour)
    append('room:b')
    append('room:b')
  }
  expect(await log.tops('acme', ['room:a'])).toEqual([{ epoch, head: 1, first: 2 }])
  for (let elapsed = 0; elapsed < 3; elapsed++) {
    await clock.advance(hour)
    append('room:b')
    append('room:b')
  }
  expect((await channels()).map(({ channel }) => channel)).toEqual(['room:b'])
  const [top] = await log.tops('acme', ['room:a'])
  expect(top).toMatchObject({ head: 0, first: 1 })
  expect(top?.epoch).not.toBe(epoch)
  expect(append('room:a')).toEqual({ epoch: top?.epoch, offset: 1 })
  expect(await log.tops('acme', ['room:never', 'room:other'])).toEqual(untouched)
})

test('thousands of channels used once do not stay for ever', async () => {
  const { clock, append, channels } = open()
  for (let index = 0; index < 2_000; index++) append(`room:${index}`)
  await clock.advance(2 * hour)
  for (let index = 0; index < 2_100; index++) append('room:busy')
  await clock.advance(25 * hour)
  for (let index = 0; index < 2_100; index++) append('room:busy')
  expect((await channels()).map(({ channel }) => channel)).toEqual(['room:busy'])
})

test('a jump of the wall clock does not shorten the life of a head', async () => {
  const { clock, log, append } = open()
  const { epoch } = append('room:a')
  clock.jump(72 * hour)
  for (let turn = 0; turn < 4; turn++) append('room:b')
  expect(await log.tops('acme', ['room:a'])).toEqual([{ epoch, head: 1, first: 2 }])
})
