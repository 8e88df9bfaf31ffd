import type { Store } from '../../ports/store.ts'
import { equal, ok } from './assert.ts'
import { eventAt } from './log-cases.ts'
import { committed, receipt, type StoreSubject, unit } from './store-subject.ts'
import { type Cases, range } from './suite.ts'

const all = { after: 0, limit: 10_000 }
const secret = (channel: string, offset: number) => ({
  ...eventAt(offset, { data: `"words ${offset}"`, id: `m-${offset}`, tags: '{"secret":"yes"}', by: 'alice' }),
  channel,
})
const redaction = (offset: number, channel = 'room:a') => ({ channel, offset })

/** Which offsets of a channel are tombstones. */
async function tombstones(store: Store, channel = 'room:a'): Promise<number[]> {
  const events = await store.read('acme', channel, all)
  return events.filter(({ redacted }) => redacted === true).map(({ offset }) => offset)
}

async function fill(store: Store, count: number, channel = 'room:a'): Promise<void> {
  const events = range(1, count).map((offset) => secret(channel, offset))
  await committed(store.commit(unit({ events })), 'a unit with words')
}

/** Redactions as a part of a unit. */
export const storeRedactionCases: Cases<StoreSubject> = {
  async 'a unit makes tombstones, together with all else that it does'({ store }) {
    await fill(store, 5)
    await fill(store, 2, 'room:b')
    const positions = await committed(
      store.commit(
        unit({
          redactions: [redaction(2), redaction(4), redaction(1, 'room:b')],
          events: [secret('room:a', 6)],
          writes: [{ table: 'rooms', key: 'a', value: '1' }],
        }),
      ),
      'a unit of all sorts',
    )
    equal(
      positions.map(({ offset }) => offset),
      [6],
      'redactions take no offset, and have no position',
    )
    equal(await tombstones(store), [2, 4], 'these are tombstones')
    equal(await tombstones(store, 'room:b'), [1], 'in each channel those that were named')
    const [, tombstone, third] = await store.read('acme', 'room:a', all)
    const { type, at, by } = secret('room:a', 2)
    ok(tombstone?.id === undefined || tombstone.id !== 'm-2', 'the id is gone')
    equal(
      { ...tombstone, id: undefined },
      { type, at, by, offset: 2, data: 'null', redacted: true },
      'what is left of it',
    )
    equal(third?.data, '"words 3"', 'its neighbours have their words')
    equal((await store.record('acme', 'rooms', 'a'))?.version, 1, 'the record is written')
    await store.purged()
  },

  async 'redactions alone are a unit, and may be repeated'({ store }) {
    await fill(store, 2)
    for (const _ of range(1, 2))
      equal(
        await committed(store.commit(unit({ redactions: [redaction(1)] })), 'a redaction'),
        [],
        'it has no event',
      )
    equal(await tombstones(store), [1], 'one tombstone')
    equal(await store.redact('acme', 'room:a', 1), true, 'a tombstone is held')
    await store.purged()
    await store.purged()
  },

  async 'an offset that is not held is ignored'({ store }) {
    await fill(store, 3)
    await store.trim('acme', 'room:a', { maxEvents: 2, maxAgeMs: 1e12, maxBytes: 1e12 }, eventAt(3).at)
    const redactions = [redaction(1), redaction(9), redaction(0), redaction(1, 'room:never-written')]
    await committed(store.commit(unit({ redactions, events: [secret('room:b', 1)] })), 'a unit')
    await committed(
      store.commit(unit({ app: 'globex', redactions: [redaction(2)] })),
      'a unit of another app',
    )
    equal(await tombstones(store), [], 'nothing was redacted')
    const [top] = await store.tops('acme', ['room:never-written'])
    equal([top?.head, top?.first], [0, 1], 'no channel came into being')
  },

  async 'a unit does not redact its own events'({ store }) {
    await fill(store, 1)
    const own = unit({ redactions: [redaction(2), redaction(1)], events: [secret('room:a', 2)] })
    await committed(store.commit(own), 'a unit that names the offset its event will have')
    equal(await tombstones(store), [1], 'only what was there before')
  },

  async 'a refused unit redacts nothing'({ store }) {
    await fill(store, 2)
    const assertions = [{ table: 'rooms', key: 'a', version: 7 }]
    const result = await store.commit(unit({ assertions, redactions: [redaction(1)] }))
    equal(result.status, 'refused', 'the assertion does not hold')
    equal(await tombstones(store), [], 'every word is there')
    equal((await store.read('acme', 'room:a', all))[0]?.id, 'm-1', 'and the id')
  },

  async 'a repeat redacts nothing'({ store }) {
    await fill(store, 2)
    await store.commit(unit({ receipt: receipt('s') }))
    const result = await store.commit(unit({ receipt: receipt('s'), redactions: [redaction(1)] }))
    equal(result.status, 'repeated', 'the scope is taken')
    equal(await tombstones(store), [], 'every word is there')
  },

  async 'what a tombstone weighs no longer counts for retention'({ store }) {
    const heavy = range(1, 4).map((offset) => ({
      ...secret('room:a', offset),
      data: JSON.stringify('x'.repeat(10_000)),
    }))
    await store.commit(unit({ events: heavy }))
    await store.commit(unit({ redactions: [redaction(1), redaction(2)] }))
    const retention = { maxEvents: 1_000, maxAgeMs: 1e12, maxBytes: 25_000 }
    equal(await store.trim('acme', 'room:a', retention, eventAt(4).at), 1, 'two heavy events fit into 25 kB')
  },
}
