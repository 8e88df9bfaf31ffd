import type { NewEvent, RecentLog, Retention } from '../ports/event-log.ts'
import { equal, ok } from './conformance/assert.ts'
import { eventAt, logCases, offsets } from './conformance/log-cases.ts'
import { logTrimCases } from './conformance/log-trim-cases.ts'
import { type Cases, type DefineTest, defineCases, range } from './conformance/suite.ts'

/** A recent log under test. */
export interface RecentLogSubject {
  readonly log: RecentLog
  /** Lets time pass for the log; with it, what is kept of a silent channel is checked. */
  readonly advance?: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

const roomy: Retention = { maxEvents: 1_000_000, maxAgeMs: 1e12, maxBytes: 1e12 }
const all = { after: 0, limit: 10_000 }
const hour = 3_600_000

/**
 * Defines a test for each guarantee of {@link RecentLog}. `open` gives a fresh, empty log; its clock may stand at any
 * time.
 */
export function checkRecentLog(test: DefineTest, open: () => Promise<RecentLogSubject>): void {
  const openLog = async () => {
    const subject = await open()
    const append = async (app: string, channel: string, events: readonly NewEvent[]) =>
      subject.log.append(app, channel, events, roomy)
    return { ...subject, append }
  }
  defineCases(test, openLog, { ...logCases, ...logTrimCases })
  defineCases(test, open, recentCases)
}

const recentCases: Cases<RecentLogSubject> = {
  async 'append keeps a channel within its events and bytes'({ log }) {
    const data = JSON.stringify('x'.repeat(998))
    for (const offset of range(1, 50)) {
      await log.append('acme', 'room:few', [eventAt(offset)], { ...roomy, maxEvents: 5 })
      await log.append('acme', 'room:small', [eventAt(offset, { data })], { ...roomy, maxBytes: 5_500 })
    }
    equal(offsets(await log.read('acme', 'room:few', all)), range(46, 50), 'five events are left')
    const left = offsets(await log.read('acme', 'room:small', all))
    ok(
      left.length >= 4 && left.length <= 5,
      `5.5 kB hold five events of 1 kB, less overhead (found ${left.length})`,
    )
    equal(left.at(-1), 50, 'the newest stay')
  },

  async 'positions are answered in order, also by appends that are not awaited'({ log }) {
    const appended = range(0, 99).map((turn) =>
      log.append('acme', 'room:a', [eventAt(turn * 2 + 1), eventAt(turn * 2 + 2)], roomy),
    )
    const positions = (await Promise.all(appended)).flat()
    equal(
      positions.map(({ offset }) => offset),
      range(1, 200),
      'offsets follow the order of the calls',
    )
    const events = await log.read('acme', 'room:a', all)
    equal(
      events.map(({ data }) => data),
      range(1, 200).map((offset) => eventAt(offset).data),
      'and so do the events',
    )
  },

  async 'a channel that keeps nothing still counts'({ log }) {
    const none = { ...roomy, maxEvents: 0 }
    const [first] = await log.append('acme', 'room:a', [eventAt(1)], none)
    const [second] = await log.append('acme', 'room:a', [eventAt(2)], none)
    equal(
      [first?.offset, second?.offset, second?.epoch],
      [1, 2, first?.epoch],
      'offsets grow within one epoch',
    )
    equal(
      (await log.tops('acme', ['room:a']))[0],
      { epoch: first?.epoch, head: 2, first: 3 },
      'nothing is held',
    )
  },

  async 'epoch and head outlive the events by 24 hours'({ log, advance }) {
    if (advance === undefined) return
    const retention = { ...roomy, maxEvents: 0 }
    await log.append('acme', 'room:a', [eventAt(1), eventAt(2)], retention)
    const before = await log.tops('acme', ['room:a'])
    for (const _ of range(1, 23)) {
      await advance(hour)
      await log.append('acme', 'room:other', [eventAt(1)], retention)
    }
    equal(await log.tops('acme', ['room:a']), before, 'after 23 hours nothing has changed')
    const [next] = await log.append('acme', 'room:a', [eventAt(3)], retention)
    equal(next, { epoch: before[0]?.epoch, offset: 3 }, 'the next event follows')
  },
}
