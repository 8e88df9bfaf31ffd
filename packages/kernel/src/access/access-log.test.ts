import { describe, expect, test } from 'vitest'
import { memoryStore } from '../memory/store.ts'
import { type CommitResult, controlChannel, type Store, type UnitEvent } from '../ports/store.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { AccessLog, type ControlEntry } from './access-log.ts'

const clock = new VirtualClock()
const kick = (user: string): UnitEvent => ({
  channel: controlChannel,
  type: 'control.unsubscribe',
  data: JSON.stringify({ user }),
  at: 1,
})

async function setUp({ around = (store: Store) => store, isShared = false } = {}) {
  const memory = memoryStore({ clock })
  const applied: string[] = []
  const note = (app: string, change: ControlEntry) => {
    if (change.type === 'unsubscribe') applied.push(`${app} ${change.user}`)
  }
  const store = async (...users: string[]) => {
    const unit = { app: 'a', assertions: [], writes: [], events: users.map(kick) }
    const result = await memory.commit(unit)
    const { positions, control } = result as Extract<CommitResult, { status: 'committed' }>
    return { events: unit.events, positions, control }
  }
  await store('long ago')
  const log = new AccessLog({ store: around(memory), clock, apply: note, isShared })
  await log.begin('a')
  const committed = (unit: Awaited<ReturnType<typeof store>>) => log.committed('a', unit, unit.control)
  return { log, applied, store, committed }
}

test('each change is applied once and in order, beginning behind what was there', async () => {
  const { applied, store, committed, log } = await setUp()
  const units = [await store('x', 'y'), await store('z')]
  for (const unit of units) expect(committed(unit)).toBeUndefined()
  expect(committed(units[0]!)).toBeUndefined()
  await log.reconcile('a')
  expect(applied).toEqual(['a x', 'a y', 'a z'])
})

test('changes that were missed are read and applied before the one that came', async () => {
  const { applied, store, committed } = await setUp()
  await store(...Array.from({ length: 150 }, (_, n) => `missed-${n}`))
  const known = await store('x')
  await committed(known)
  expect(applied).toEqual([...Array.from({ length: 150 }, (_, n) => `a missed-${n}`), 'a x'])
})

test('where the log cannot be read, what is known is applied all the same', async () => {
  const { applied, store, committed } = await setUp({
    around: (memory) => ({
      ...memory,
      read: () => Promise.reject(new Error('away')),
    }),
  })
  await store('missed')
  await committed(await store('x'))
  expect(applied).toEqual(['a x'])
})

test('a look at the log that was under way does not stand for one that begins later', async () => {
  let read = (): void => undefined
  const { applied, store, log } = await setUp({
    around: (memory) => ({
      ...memory,
      read: async (app, channel, options) => {
        const events = await memory.read(app, channel, options)
        await new Promise<void>((resolve) => {
          read = resolve
        })
        return events
      },
    }),
  })
  const first = log.reconcile('a')
  await clock.settle()
  await store('x')
  const second = log.reconcile('a')
  read()
  await first
  await clock.settle()
  expect(applied).toEqual([])
  read()
  await second
  expect(applied).toEqual(['a x'])
})

describe('where other nodes change access too', () => {
  test('a unit without a change waits for those that were stored before it', async () => {
    const { applied, store, log } = await setUp({ isShared: true })
    await store('x')
    const { control } = await store('y')
    expect(await log.committed('a', { events: [], positions: [] }, control)).toBe(true)
    expect(applied).toEqual(['a x', 'a y'])
    expect(log.committed('a', { events: [], positions: [] }, control)).toBeUndefined()
  })

  test('while they cannot be read it is asked again, and in the end nothing may go out', async () => {
    let isAway = false
    const { applied, store, log } = await setUp({
      isShared: true,
      around: (memory) => ({
        ...memory,
        read: (...question) => (isAway ? Promise.reject(new Error('away')) : memory.read(...question)),
      }),
    })
    isAway = true
    const { control } = await store('x')
    const late = log.committed('a', { events: [], positions: [] }, control)
    await clock.advance(2_000)
    expect(applied).toEqual([])
    isAway = false
    await clock.advance(10_000)
    expect(await late).toBe(true)
    expect(applied).toEqual(['a x'])
    isAway = true
    const next = await store('y')
    const never = log.committed('a', { events: [], positions: [] }, next.control)
    await clock.advance(600_000)
    expect(await never).toBe(false)
  })

  test('what is announced is applied once, in order, and not before what it follows', async () => {
    const { applied, store, log } = await setUp({ isShared: true })
    const { events, positions } = await store('x', 'y')
    const placed = events.map((event, index) => ({ ...event, offset: positions[index]!.offset }))
    log.announced('a', 2, placed.slice(1))
    expect(applied).toEqual([])
    log.announced('a', 1, placed)
    log.announced('a', 1, placed)
    expect(applied).toEqual(['a x', 'a y'])
    expect(log.applied('a')).toBe(3)
  })
})

test('what is announced before the beginning is none of its business, and nothing of it is missed', async () => {
  const clock = new VirtualClock()
  const memory = memoryStore({ clock, readMs: () => 20 })
  const applied: string[] = []
  const log = new AccessLog({
    store: memory,
    clock,
    apply: (_app, entry) => void applied.push(entry.type === 'unsubscribe' ? entry.user : entry.type),
    isShared: true,
  })
  const commit = async (user: string) => {
    await memory.commit({ app: 'a', assertions: [], writes: [], events: [kick(user)] })
  }
  for (const user of ['long ago', 'yesterday']) await commit(user)
  expect(log.upTo('a', 2)).toBeUndefined()
  log.announced('a', 0, [{ ...kick('long ago'), offset: 1 }])
  const begun = log.begin('a')
  await clock.advance(20)
  await commit('meanwhile')
  log.announced('a', 2, [{ ...kick('meanwhile'), offset: 3 }])
  await clock.advance(100)
  await begun
  expect(applied).toEqual(['meanwhile'])
})
