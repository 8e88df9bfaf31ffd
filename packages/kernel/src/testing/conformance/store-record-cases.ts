import type { Store } from '../../ports/store.ts'
import { equal, ok } from './assert.ts'
import { type StoreSubject, unit } from './store-subject.ts'
import { type Cases, range } from './suite.ts'

const write = (key: string, value: string | null, table = 'rooms') => ({ table, key, value })

async function put(store: Store, keys: readonly string[]): Promise<void> {
  await store.commit(unit({ writes: keys.map((key) => write(key, JSON.stringify(key))) }))
}

/** Small state under keys. */
export const storeRecordCases: Cases<StoreSubject> = {
  async 'a record has its value and counts its writes'({ store }) {
    equal(await store.record('acme', 'rooms', 'a'), undefined, 'there is none at first')
    await store.commit(unit({ writes: [write('a', '{"open":true}')] }))
    equal(
      await store.record('acme', 'rooms', 'a'),
      { key: 'a', value: '{"open":true}', version: 1 },
      'one write',
    )
    await store.commit(unit({ writes: [write('a', '2'), write('b', '1'), write('a', '3')] }))
    equal(
      await store.record('acme', 'rooms', 'a'),
      { key: 'a', value: '3', version: 3 },
      'writes apply in order',
    )
    equal(
      await store.record('acme', 'rooms', 'b'),
      { key: 'b', value: '1', version: 1 },
      'each record counts its own',
    )
  },

  async 'a removed record is gone, and may come again'({ store }) {
    await put(store, ['a', 'b'])
    await store.commit(unit({ writes: [write('a', null), write('never', null)] }))
    equal(await store.record('acme', 'rooms', 'a'), undefined, 'it is not found')
    equal(
      (await store.records('acme', 'rooms', { limit: 9 })).map(({ key }) => key),
      ['b'],
      'nor listed',
    )
    await store.commit(unit({ writes: [write('b', null), write('b', '"again"')] }))
    const again = await store.record('acme', 'rooms', 'b')
    equal(again?.value, '"again"', 'removed and written in one unit, it is there')
    ok((again?.version ?? 0) >= 1, 'with a version')
  },

  async 'tables and apps share no records'({ store }) {
    await store.commit(unit({ writes: [write('a', '1'), write('a', '2', 'users')] }))
    await store.commit(unit({ app: 'globex', writes: [write('a', '3')] }))
    const read = async (app: string, table: string) => (await store.record(app, table, 'a'))?.value
    equal(
      [await read('acme', 'rooms'), await read('acme', 'users'), await read('globex', 'rooms')],
      ['1', '2', '3'],
      'three records',
    )
    equal(await read('globex', 'users'), undefined, 'and no fourth')
    await store.commit(unit({ app: 'globex', writes: [write('a', null)] }))
    equal(await read('acme', 'rooms'), '1', 'removing one leaves the others')
    equal((await store.records('globex', 'rooms', { limit: 9 })).length, 0, 'lists are apart as well')
  },

  async 'records are listed in order, in pages'({ store }) {
    const keys = range(1, 250).map((index) => `key-${String(index).padStart(3, '0')}`)
    await put(store, [...keys].reverse())
    equal(
      (await store.records('acme', 'rooms', { limit: 9 })).map(({ key }) => key),
      keys.slice(0, 9),
      'the first page',
    )
    const found: string[] = []
    for (;;) {
      const after = found.at(-1)
      const page = await store.records('acme', 'rooms', {
        limit: 40,
        ...(after === undefined ? {} : { after }),
      })
      if (page.length === 0) break
      found.push(...page.map(({ key }) => key))
    }
    equal(found, keys, 'every key once, in order')
    const [row] = await store.records('acme', 'rooms', { after: 'key-041', limit: 1 })
    equal(row, { key: 'key-042', value: '"key-042"', version: 1 }, 'with value and version')
  },

  async 'a prefix is taken to the letter'({ store }) {
    await put(store, ['a%b', 'a_b', 'aXb', 'A_b', 'a\\b', 'a', 'b', 'ä', 'ab\u{10ffff}z', 'abz'])
    const list = async (prefix: string) =>
      (await store.records('acme', 'rooms', { prefix, limit: 99 })).map(({ key }) => key).sort()
    equal(await list('a%'), ['a%b'], '% is a sign like others')
    equal(await list('a_'), ['a_b'], '_ as well')
    equal(await list('a\\'), ['a\\b'], 'and the backslash')
    equal(await list('A'), ['A_b'], 'case counts')
    equal(await list('ab'), ['abz', 'ab\u{10ffff}z'].sort(), 'the highest character does not end a prefix')
    equal((await list('')).length, 10, 'the empty prefix selects everything')
    const after = await store.records('acme', 'rooms', { prefix: 'a', after: 'aX', limit: 1 })
    equal(
      after.map(({ key }) => key),
      ['aXb'],
      'prefix and after go together',
    )
  },

  async 'odd keys are told apart'({ store }) {
    const keys = [
      '',
      ' ',
      'a\u0000b',
      'a\u0000c',
      'é',
      'e\u0301',
      '👋',
      "'; DROP TABLE records; --",
      '\ud800',
      '\udc00',
      'x'.repeat(1_000),
    ]
    const kept: string[] = []
    for (const key of keys) {
      const outcome = await store.commit(unit({ writes: [write(key, JSON.stringify(key))] })).then(
        () => true,
        () => false,
      )
      if (outcome) kept.push(key)
    }
    for (const key of ['', ' ', 'é', 'e\u0301', '👋', 'x'.repeat(1_000)])
      ok(kept.includes(key), `the key ${JSON.stringify(key)} is kept`)
    for (const key of kept)
      equal(
        await store.record('acme', 'rooms', key),
        { key, value: JSON.stringify(key), version: 1 },
        'a key is kept to the letter, or refused',
      )
    const listed = await store.records('acme', 'rooms', { limit: 99 })
    equal(listed.map(({ key }) => key).sort(), [...kept].sort(), 'all are listed')
  },

  async 'expired records are swept, others stay'({ store }) {
    const expiring = (key: string, expiresAt: number) => ({ ...write(key, '1'), expiresAt })
    await store.commit(
      unit({ writes: [expiring('short', 1_000), expiring('long', 3_000), write('ever', '1')] }),
    )
    await store.commit(unit({ writes: [expiring('renewed', 1_000)] }))
    await store.commit(unit({ writes: [expiring('renewed', 3_000)] }))
    await store.sweep(999)
    ok((await store.record('acme', 'rooms', 'short')) !== undefined, 'a record is there until its time')
    await store.sweep(2_000)
    const keys = (await store.records('acme', 'rooms', { limit: 9 })).map(({ key }) => key)
    equal(keys, ['ever', 'long', 'renewed'], 'what has expired is gone, the last write decides')
    equal(
      (await store.commit(unit({ assertions: [{ table: 'rooms', key: 'short', version: 0 }] }))).status,
      'committed',
      'for assertions too',
    )
  },

  async 'a sweep takes bounded bites, and many get everything'({ store }) {
    for (const block of range(0, 4)) {
      const writes = range(1, 500).map((index) => ({ ...write(`${block}-${index}`, '1'), expiresAt: 1_000 }))
      await store.commit(unit({ writes }))
    }
    for (const _ of range(1, 50)) await store.sweep(2_000)
    equal((await store.records('acme', 'rooms', { limit: 9 })).length, 0, 'all 2,500 are gone in the end')
  },
}
