import { describe, expect, test } from 'vitest'
import type { RecentLog } from '../ports/event-log.ts'
import type { CommitResult, Store, Unit } from '../ports/store.ts'
import type { Accept } from '../ports/transport.ts'
import { testModule } from '../testing/test-module.ts'
import type { TestNodeOptions } from '../testing/test-node.ts'
import type { VirtualClock } from '../testing/virtual-clock.ts'
import { type SimulationReport, simulate } from './simulate.ts'

const seeds = Array.from({ length: 15 }, (_, index) => index + 1)

describe('a node and its clients on virtual time, with faults at random', () => {
  test('lose, double, reorder and falsely recover nothing, and every fault has happened', async () => {
    const reports: SimulationReport[] = []
    for (const seed of seeds) reports.push(await simulate({ seed, steps: 250 }))
    for (const { seed, violations } of reports) expect({ seed, violations }).toEqual({ seed, violations: [] })
    const sum = (count: (report: SimulationReport) => number) =>
      reports.reduce((total, one) => total + count(one), 0)
    for (const fault of Object.keys(reports[0]!.faults) as (keyof SimulationReport['faults'])[])
      expect([fault, sum(({ faults }) => faults[fault]) > 10]).toEqual([fault, true])
    const recovered = sum((report) => report.recovered)
    expect(recovered / (recovered + sum((report) => report.unrecovered))).toBeGreaterThan(0.4)
    expect(sum((report) => report.resumed)).toBeGreaterThan(100)
    expect(sum((report) => report.dropped)).toBeGreaterThan(10)
    expect(sum((report) => report.deliveries)).toBeGreaterThan(30_000)
  }, 60_000)

  test('are the same for the same seed, and not for another', async () => {
    const [one, again, other] = [
      await simulate({ seed: 7, steps: 100 }),
      await simulate({ seed: 7, steps: 100 }),
      await simulate({ seed: 8, steps: 100 }),
    ]
    expect(again).toEqual(one)
    expect(other.trace).not.toBe(one.trace)
  })

  test('handlers that take their time at random change nothing: the kernel keeps the order', async () => {
    for (const seed of [1, 2, 3]) {
      const report = await simulate({ seed, steps: 150, sabotage: (clock) => ({ modules: [sleepy(clock)] }) })
      expect(report.violations).toEqual([])
    }
  })
})

type Sabotage = (clock: VirtualClock) => Partial<TestNodeOptions>

/** Violations that the simulation reports for a planted defect, over a few seeds. */
async function caught(sabotage: Sabotage): Promise<string> {
  const found: string[] = []
  for (let seed = 1; seed <= 6 && found.length === 0; seed++)
    found.push(...(await simulate({ seed, steps: 200, sabotage })).violations)
  return found.join('\n')
}

function sleepy(clock: VirtualClock) {
  const sleep = () => new Promise<void>((resolve) => void clock.after(clock.random() * 20, resolve))
  return testModule(
    { durable: {}, recent: { durability: 'recent' }, live: { durability: 'ephemeral' } },
    sleep,
  )
}

/** A store that gives out places before the units have them, and stores them `later`. */
function promising(later: (store: Store, unit: Unit) => void): NonNullable<TestNodeOptions['aroundStore']> {
  return (store) => {
    const heads = new Map<string, number>()
    const place = (app: string, channel: string) => {
      const head = store.disk.find(app, channel)?.top.head ?? 0
      const offset = Math.max(heads.get(channel) ?? 0, head) + 1
      heads.set(channel, offset)
      return { epoch: store.disk.epoch(app, channel), offset }
    }
    return {
      ...store,
      commit: async (unit): Promise<CommitResult> => {
        const positions = unit.events.map(({ channel }) => place(unit.app, channel))
        later(store, unit)
        return { status: 'committed', positions, control: 0 }
      },
    }
  }
}

const store = (storeUnit: Store, unit: Unit) => void storeUnit.commit(unit).catch(() => undefined)

const around =
  (
    change: (accept: Parameters<Accept>[0], text: string) => readonly string[],
  ): TestNodeOptions['aroundAccept'] =>
  (accept) =>
  (connection, handshake) => {
    const send = connection.send.bind(connection)
    connection.send = ({ text }) => {
      for (const changed of change(connection, text)) send({ text: changed })
    }
    return accept(connection, handshake)
  }

/** Every so often. */
const rarely = (clock: VirtualClock) => clock.random() < 0.02

describe('canaries: the simulation notices', () => {
  test('a store that acknowledges before it stores (synchronous off)', async () => {
    const found = await caught((clock) => ({
      aroundStore: promising((disk, unit) => void clock.after(40, () => store(disk, unit))),
    }))
    expect(found).toMatch(/promised two places|missed event|never answered|stands at/)
  })

  test('a store that loses its last commit in a crash', async () => {
    const found = await caught(() => {
      let last: Unit | undefined
      return {
        aroundStore: promising((disk, unit) => {
          if (last !== undefined) store(disk, last)
          last = unit
        }),
      }
    })
    expect(found).toMatch(/promised two places|missed event|stands at|instead of/)
  })

  test('a store that reorders commits', async () => {
    const found = await caught((clock) => ({
      aroundStore: (disk) => ({
        ...disk,
        commit: async (unit) => {
          await new Promise<void>((resolve) => void clock.after(clock.random() * 10, resolve))
          return disk.commit(unit)
        },
      }),
    }))
    expect(found).toMatch(/the other way round/)
  })

  test('a store that stores some events twice', async () => {
    const found = await caught((clock) => ({
      aroundStore: (disk) => ({
        ...disk,
        commit: (unit) => {
          const result = disk.commit(unit)
          if (rarely(clock)) store(disk, { app: unit.app, assertions: [], writes: [], events: unit.events })
          return result
        },
      }),
    }))
    expect(found).toMatch(/twice/)
  })

  test('a log that answers with gaps', async () => {
    const found = await caught((clock) => ({
      aroundStore: (disk) => ({
        ...disk,
        read: async (app, channel, options) => {
          const events = await disk.read(app, channel, options)
          return events.length > 2 && rarely(clock) ? [...events.slice(0, 1), ...events.slice(2)] : events
        },
      }),
    }))
    expect(found).toMatch(/behind|missed/)
  })

  test('a recent log that skips events', async () => {
    const found = await caught((clock) => ({
      aroundRecentLog: (log): RecentLog => ({
        ...log,
        append: (app, channel, events, retention) => {
          const positions = log.append(app, channel, events, retention)
          if (positions instanceof Promise || !rarely(clock)) return positions
          log.append(app, channel, events, retention)
          return positions
        },
      }),
    }))
    expect(found).toMatch(/twice|missed|behind/)
  })

  test('a transport that loses a frame, or sends one twice', async () => {
    const lost = await caught((clock) => ({
      aroundAccept: around((_, text) => (rarely(clock) ? [] : [text])) as never,
    }))
    expect(lost).toMatch(/gap|never answered|missed|stands at|mood/)
    const doubled = await caught((clock) => ({
      aroundAccept: around((_, text) => (rarely(clock) ? [text, text] : [text])) as never,
    }))
    expect(doubled).toMatch(/gap|two replies/)
  })

  test('a verdict that says recovered where it is not', async () => {
    const lie = (text: string) =>
      text.replace('"recovered":false,"reason":"epoch_changed"', '"recovered":true')
    const found = await caught(() => ({ aroundAccept: around((_, text) => [lie(text)]) as never }))
    expect(found).toMatch(/recovered .* instead of/)
  })

  test('a kernel that does not order the calls of a session: handlers that sleep at random get ahead', async () => {
    const found = await caught((clock) => {
      const module = sleepy(clock)
      const publish = { ...module.contract.commands.publish!, orderBy: 'id' }
      const commands = { ...module.contract.commands, publish }
      return { modules: [{ ...module, contract: { ...module.contract, commands } }] }
    })
    expect(found).toMatch(/the other way round/)
  })
})
