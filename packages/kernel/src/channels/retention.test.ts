import { describe, expect, test } from 'vitest'
import { defineKind, Kinds, retentionDefaults } from '../kind.ts'
import { silentLogger } from '../memory/logger.ts'
import { memoryRecentLog } from '../memory/recent-log.ts'
import { type MemoryStore, memoryStore } from '../memory/store.ts'
import type { RecentLog } from '../ports/event-log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Hub } from './hub.ts'
import { enforceRetention } from './retention.ts'

const app = 'app'
const keepTwo = { maxEvents: 2 }

interface Stage {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly recentLog: RecentLog
  /** What open channels were told: name and new first offset. */
  readonly told: [channel: string, first: number][]
  readonly enforce: (isWanted?: () => boolean, apps?: readonly string[]) => Promise<void>
}

function stage(open: readonly string[] = []): Stage {
  const clock = new VirtualClock()
  const store = memoryStore({ clock })
  const recentLog = memoryRecentLog({ clock })
  const kinds = new Kinds()
  kinds.add(defineKind('test', 'chat', { retention: keepTwo }))
  kinds.add(defineKind('test', 'feed', { durability: 'recent', retention: keepTwo }))
  const told: [string, number][] = []
  const find = (_app: string, name: string) =>
    open.includes(name)
      ? { kind: kinds.of(name), trimmed: (first: number) => told.push([name, first]) }
      : undefined
  const hub = { find } as unknown as Hub
  const parts = { clock, log: silentLogger, kinds, hub, store, recentLog }
  const enforce = async (isWanted = () => true, apps: readonly string[] = [app]) => {
    const walk = enforceRetention({ ...parts, isWanted }, apps)
    await clock.advance(10)
    await walk
  }
  return { clock, store, recentLog, told, enforce }
}

async function append({ store, clock }: Stage, channel: string, count: number): Promise<void> {
  const event = { channel, type: 't', data: '1', at: clock.now() }
  const unit = { app, assertions: [], writes: [], events: Array.from({ length: count }, () => event) }
  await store.commit(unit)
}

async function firsts({ store }: Stage, ...channels: string[]): Promise<number[]> {
  return (await store.tops(app, channels)).map(({ first }) => first)
}

describe('retention', () => {
  test('is enforced on every channel, by its kind, however many pages of them there are', async () => {
    const t = stage()
    const names = Array.from({ length: 450 }, (_, n) => `chat:${n}`)
    for (const name of names) await append(t, name, 3)
    await t.enforce()
    expect(await firsts(t, ...names)).toEqual(names.map(() => 2))
  })

  test('is told to channels that are open', async () => {
    const t = stage(['chat:a', 'chat:idle'])
    await append(t, 'chat:a', 5)
    await append(t, 'chat:b', 5)
    await t.enforce()
    expect(t.told).toEqual([['chat:a', 4]])
  })

  test('reaches events in memory too', async () => {
    const t = stage(['feed:a'])
    const event = { type: 't', data: '1', at: t.clock.now() }
    const long = { ...retentionDefaults.recent, maxAgeMs: 1_000 }
    await t.recentLog.append(app, 'feed:a', [event, event, event], long)
    await t.enforce()
    expect(t.told).toEqual([['feed:a', 2]])
  })

  test('of a kind that is configured no longer is that of durable kinds', async () => {
    const t = stage()
    await append(t, 'gone:a', 5)
    await t.enforce()
    expect(await firsts(t, 'gone:a')).toEqual([1])
    await t.clock.advance(retentionDefaults.durable.maxAgeMs + 1)
    await t.enforce()
    expect(await firsts(t, 'gone:a')).toEqual([6])
  })

  test('ends after a page when nobody wants it any more', async () => {
    const t = stage()
    const names = Array.from({ length: 250 }, (_, n) => `chat:${n}`).sort()
    for (const name of names) await append(t, name, 3)
    await t.enforce(() => false)
    expect(await firsts(t, ...names)).toEqual(names.map((_, index) => (index < 200 ? 2 : 1)))
  })

  test('of one app leaves another alone', async () => {
    const t = stage()
    await append(t, 'chat:a', 5)
    await t.enforce(undefined, ['other'])
    expect(await firsts(t, 'chat:a')).toEqual([1])
  })

  test('of the other log says nothing to a channel: a kind may have changed its durability', async () => {
    const t = stage(['feed:a'])
    await append(t, 'feed:a', 50)
    const event = { type: 't', data: '1', at: t.clock.now() }
    await t.recentLog.append(app, 'feed:a', [event], retentionDefaults.recent)
    await t.enforce()
    // Two events are kept of the fifty on disk; the one in memory is all that the open channel is about.
    expect(t.told.filter(([, first]) => first > 1)).toEqual([])
  })
})
