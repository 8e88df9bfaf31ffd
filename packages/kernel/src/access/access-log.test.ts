import { expect, test } from 'vitest'
import type { AccessChange } from '../context.ts'
import { memoryStore } from '../memory/store.ts'
import type { Store, UnitEvent } from '../ports/store.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { AccessLog } from './access-log.ts'
import { controlChannel } from './control.ts'

const clock = new VirtualClock()
const kick = (user: string): UnitEvent => ({
  channel: controlChannel,
  type: 'control.unsubscribe',
  data: JSON.stringify({ user }),
  at: 1,
})

async function setUp(around: (store: Store) => Store = (store) => store) {
  const memory = memoryStore({ clock })
  const applied: string[] = []
  const note = (app: string, change: AccessChange) => {
    if (change.type === 'unsubscribe') applied.push(`${app} ${change.user}`)
  }
  const store = async (...users: string[]) => {
    const unit = { app: 'a', assertions: [], writes: [], events: users.map(kick) }
    const result = await memory.commit(unit)
    return { events: unit.events, positions: result.status === 'committed' ? result.positions : [] }
  }
  await store('long ago')
  const log = new AccessLog(around(memory), note)
  await log.begin('a')
  const committed = ({ events, positions }: Awaited<ReturnType<typeof store>>) =>
    log.committed('a', events, positions)
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
  const { applied, store, committed } = await setUp((memory) => ({
    ...memory,
    read: () => Promise.reject(new Error('away')),
  }))
  await store('missed')
  await committed(await store('x'))
  expect(applied).toEqual(['a x'])
})

test('a look at the log that was under way does not stand for one that begins later', async () => {
  let read = (): void => undefined
  const { applied, store, log } = await setUp((memory) => ({
    ...memory,
    read: async (app, channel, options) => {
      const events = await memory.read(app, channel, options)
      await new Promise<void>((resolve) => {
        read = resolve
      })
      return events
    },
  }))
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
