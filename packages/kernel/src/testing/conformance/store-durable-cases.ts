import type { Store } from '../../ports/store.ts'
import { equal, ok } from './assert.ts'
import { eventAt } from './log-cases.ts'
import { committed, receipt, type StoreSubject, unit } from './store-subject.ts'
import { type Cases, range } from './suite.ts'

const all = { after: 0, limit: 10_000 }
const on = (channel: string, offset: number) => ({ ...eventAt(offset), channel })
const write = (key: string, value: string) => ({ table: 'rooms', key, value })
const channels = ['room:a', 'room:never-written', 'room:trimmed']
const roomy = { maxEvents: 1_000_000, maxAgeMs: 1e12, maxBytes: 1e12 }

async function reopened({ reopen }: StoreSubject): Promise<Store> {
  ok(reopen !== undefined, 'a durable store comes with a way to reopen it')
  return reopen()
}

/** What is found by the next process. */
export const storeDurableCases: Cases<StoreSubject> = {
  async 'everything is there after reopening'(subject) {
    const { store } = subject
    const full = { ...on('room:a', 1), id: 'm-1', tags: '{"lang":"de"}', by: 'alice' }
    const positions = await committed(
      store.commit(
        unit({
          events: [full, on('room:a', 2), on('room:b', 1)],
          writes: [write('a', '1')],
          receipt: receipt('s'),
        }),
      ),
      'a unit',
    )
    await store.commit(unit({ writes: [write('a', '2')] }))
    const before = await store.read('acme', 'room:a', all)
    const tops = await store.tops('acme', channels)
    const next = await reopened(subject)
    equal(await next.read('acme', 'room:a', all), before, 'events')
    equal(await next.tops('acme', channels), tops, 'tops')
    equal(
      await next.record('acme', 'rooms', 'a'),
      { key: 'a', value: '2', version: 2 },
      'records with their versions',
    )
    const { fingerprint, output } = receipt('s')
    equal(await next.receipts(['s']), [{ fingerprint, output, positions }], 'receipts with their positions')
    equal(
      (await next.commit(unit({ events: [on('room:a', 3)], receipt: receipt('s') }))).status,
      'repeated',
      'a repeat is a repeat',
    )
    equal(
      (await next.channels('acme', { limit: 9 })).map(({ channel }) => channel),
      ['room:a', 'room:b'],
      'channels',
    )
  },

  async 'offsets and epochs go on after reopening'(subject) {
    const { store } = subject
    const tops = await store.tops('acme', channels)
    await store.commit(unit({ events: [on('room:a', 1), on('room:trimmed', 1), on('room:trimmed', 2)] }))
    equal(
      await store.trim('acme', 'room:trimmed', { ...roomy, maxEvents: 0 }, eventAt(9).at),
      3,
      'all is trimmed',
    )
    const next = await reopened(subject)
    const after = await next.tops('acme', channels)
    equal(
      after.map(({ epoch }) => epoch),
      tops.map(({ epoch }) => epoch),
      'epochs are the same, also of channels never written',
    )
    equal(
      after.map(({ head, first }) => [head, first]),
      [
        [1, 1],
        [0, 1],
        [2, 3],
      ],
      'heads survive the trim',
    )
    const events = channels.map((channel) => on(channel, 9))
    const positions = await committed(next.commit(unit({ events })), 'a unit after reopening')
    equal(
      positions,
      [2, 1, 3].map((offset, index) => ({ epoch: tops[index]?.epoch, offset })),
      'offsets go on',
    )
  },

  async 'tombstones stay after reopening'(subject) {
    const { store } = subject
    await store.commit(
      unit({ events: [on('room:a', 1), { ...on('room:a', 2), data: '"secret"', id: 'm-2' }] }),
    )
    await store.redact('acme', 'room:a', 2)
    const next = await reopened(subject)
    const [, tombstone] = await next.read('acme', 'room:a', all)
    ok(
      tombstone?.redacted === true && tombstone.data === 'null' && tombstone.id !== 'm-2',
      'the words do not come back',
    )
  },

  async 'what was accepted before close is there after reopening'(subject) {
    const accepted = range(1, 300).map((offset) =>
      subject.store.commit(unit({ events: [on('room:a', offset)] })),
    )
    const next = await reopened(subject)
    const results = await Promise.all(accepted)
    equal(
      results.map(({ status }) => status),
      accepted.map(() => 'committed'),
      'every promise is kept',
    )
    equal((await next.read('acme', 'room:a', all)).length, 300, 'every event is there')
  },
}
