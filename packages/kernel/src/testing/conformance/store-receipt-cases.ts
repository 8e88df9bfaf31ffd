import { equal } from './assert.ts'
import { eventAt } from './log-cases.ts'
import { committed, receipt, type StoreSubject, unit } from './store-subject.ts'
import { type Cases, range } from './suite.ts'

const on = (channel: string, offset: number) => ({ ...eventAt(offset), channel })
const write = (key: string, value: string) => ({ table: 'rooms', key, value })
const is = (key: string, version: number) => ({ table: 'rooms', key, version })

/** What repeats are answered, and what decisions rested on. */
export const storeReceiptCases: Cases<StoreSubject> = {
  async 'a repeat is answered as the first run, and changes nothing'({ store }) {
    const repeated = unit({
      events: [on('room:a', 1), on('room:b', 1)],
      writes: [write('a', '1')],
      receipt: receipt('s'),
    })
    const positions = await committed(store.commit(repeated), 'the first run')
    const { fingerprint, output } = receipt('s')
    equal(
      await store.commit(repeated),
      { status: 'repeated', receipt: { fingerprint, output, positions } },
      'the repeat gets the stored receipt with the positions of the first run',
    )
    equal(
      (await store.tops('acme', ['room:a', 'room:b'])).map(({ head }) => head),
      [1, 1],
      'no event was added',
    )
    equal((await store.record('acme', 'rooms', 'a'))?.version, 1, 'no record was written')
  },

  async 'a scope keeps its first fingerprint and output'({ store }) {
    await store.commit(unit({ receipt: receipt('s') }))
    const other = receipt('s', { fingerprint: 'another input', output: '"another"' })
    const { fingerprint, output } = receipt('s')
    equal(
      await store.commit(unit({ events: [on('room:a', 1)], receipt: other })),
      { status: 'repeated', receipt: { fingerprint, output, positions: [] } },
      'the first run is answered',
    )
    equal((await store.tops('acme', ['room:a']))[0]?.head, 0, 'the second has not run')
  },

  async 'of twins in one batch only the first runs'({ store }) {
    const twin = unit({ events: [on('room:a', 1)], writes: [write('a', '1')], receipt: receipt('s') })
    const [first, ...twins] = await Promise.all(range(1, 5).map(() => store.commit(twin)))
    equal(first?.status, 'committed', 'the first runs')
    const positions = first?.status === 'committed' ? first.positions : []
    const { fingerprint, output } = receipt('s')
    for (const result of twins)
      equal(
        result,
        { status: 'repeated', receipt: { fingerprint, output, positions } },
        'its twins get its receipt',
      )
    equal((await store.tops('acme', ['room:a']))[0]?.head, 1, 'there is one event')
    equal((await store.record('acme', 'rooms', 'a'))?.version, 1, 'and one write')
  },

  async 'a repeat is answered although its assertion no longer holds'({ store }) {
    const once = unit({ assertions: [is('a', 0)], writes: [write('a', '1')], receipt: receipt('s') })
    await committed(store.commit(once), 'the first run')
    equal((await store.commit(once)).status, 'repeated', 'the repeat is a repeat, not a refusal')
  },

  async 'receipts are told in the order asked'({ store }) {
    const positions = await committed(
      store.commit(unit({ events: [on('room:a', 1)], receipt: receipt('s1') })),
      'a unit',
    )
    await store.commit(unit({ receipt: receipt('s2', { output: 'null' }) }))
    const told = await store.receipts(['s2', 'nobody', 's1'])
    equal(
      told,
      [
        { fingerprint: receipt('s2').fingerprint, output: 'null', positions: [] },
        undefined,
        { fingerprint: receipt('s1').fingerprint, output: receipt('s1').output, positions },
      ],
      'with a hole where there is none',
    )
    equal(await store.receipts([]), [], 'none asked, none told')
    equal(
      (await store.receipts(range(1, 2_000).map((index) => `scope ${index}`))).length,
      2_000,
      'many at once',
    )
  },

  async 'scopes are compared to the letter'({ store }) {
    const scopes = [
      'Key',
      'key',
      'key ',
      'kéy',
      'ke\u0301y',
      'acme\u0000alice\u0000send\u0000k',
      '👋',
      'k'.repeat(400),
    ]
    const results = await Promise.all(
      scopes.map((scope) =>
        store.commit(unit({ receipt: receipt(scope, { output: JSON.stringify(scope) }) })),
      ),
    )
    equal(
      results.map(({ status }) => status),
      scopes.map(() => 'committed'),
      'different scopes are different',
    )
    const told = await store.receipts(scopes)
    equal(
      told.map((found) => found?.output),
      scopes.map((scope) => JSON.stringify(scope)),
      'each has its own receipt',
    )
  },

  async 'expired receipts are swept, others stay'({ store }) {
    const { expiresAt } = receipt('s')
    for (const index of range(1, 20)) await store.commit(unit({ receipt: receipt(`old ${index}`) }))
    const kept = receipt('new', { expiresAt: expiresAt + 1_000 })
    await store.commit(unit({ receipt: kept }))
    await store.sweep(expiresAt - 1)
    equal(
      (await store.receipts(['old 1'])).map((found) => found?.output),
      [receipt('s').output],
      'valid ones are kept',
    )
    for (const _ of range(1, 5)) await store.sweep(expiresAt + 500)
    const told = await store.receipts([...range(1, 20).map((index) => `old ${index}`), 'new'])
    equal(told.filter((found) => found !== undefined).length, 1, 'only what has expired is gone')
    equal(
      (await store.commit(unit({ receipt: receipt('old 1') }))).status,
      'committed',
      'a swept scope is free again',
    )
    equal((await store.commit(unit({ receipt: kept }))).status, 'repeated', 'a kept one is not')
  },

  async 'an assertion compares the version of a record'({ store }) {
    const attempt = async (version: number) =>
      (await store.commit(unit({ assertions: [is('a', version)] }))).status
    equal([await attempt(0), await attempt(1)], ['committed', 'refused'], '0 holds where there is no record')
    await store.commit(unit({ writes: [write('a', '1')] }))
    equal(
      [await attempt(0), await attempt(1), await attempt(2)],
      ['refused', 'committed', 'refused'],
      'then 1',
    )
    await store.commit(unit({ writes: [write('a', '2')] }))
    equal([await attempt(1), await attempt(2)], ['refused', 'committed'], 'then 2')
    await store.commit(unit({ writes: [{ table: 'rooms', key: 'a', value: null }] }))
    equal([await attempt(0), await attempt(2)], ['committed', 'refused'], '0 again when it was removed')
    const elsewhere = await store.commit(unit({ app: 'globex', assertions: [is('a', 0)] }))
    equal(elsewhere.status, 'committed', "another app's record is another record")
  },

  async 'a refused unit changes nothing'({ store }) {
    await store.commit(unit({ writes: [write('a', '1')] }))
    const result = await store.commit(
      unit({
        assertions: [is('a', 1), is('none', 0), is('a', 7), is('none', 9)],
        writes: [write('a', '2'), write('b', '1')],
        events: [on('room:a', 1), on('room:a', 2)],
        receipt: receipt('s'),
      }),
    )
    equal(result, { status: 'refused', assertion: 2 }, 'the first assertion that does not hold is named')
    equal(
      await store.record('acme', 'rooms', 'a'),
      { key: 'a', value: '1', version: 1 },
      'the record is as it was',
    )
    equal(await store.record('acme', 'rooms', 'b'), undefined, 'no record has come')
    equal((await store.tops('acme', ['room:a']))[0]?.head, 0, 'the head has not moved')
    equal(await store.receipts(['s']), [undefined], 'there is no receipt')
    const positions = await committed(
      store.commit(unit({ events: [on('room:a', 1)], receipt: receipt('s') })),
      'the next',
    )
    equal(
      positions.map(({ offset }) => offset),
      [1],
      'offsets have no gap',
    )
  },

  async 'of units that race for one version exactly one wins'({ store }) {
    await store.commit(unit({ writes: [write('a', '0')] }))
    const race = range(1, 20).map((index) =>
      store.commit(
        unit({ assertions: [is('a', 1)], writes: [write('a', `${index}`)], events: [on('room:a', index)] }),
      ),
    )
    const results = await Promise.all(race)
    equal(
      results.map(({ status }) => status),
      ['committed', ...range(2, 20).map(() => 'refused')],
      'the first one',
    )
    equal(
      await store.record('acme', 'rooms', 'a'),
      { key: 'a', value: '1', version: 2 },
      'its value is there',
    )
    equal((await store.tops('acme', ['room:a']))[0]?.head, 1, 'and its event alone')
  },

  async 'units see what units before them in the same batch did'({ store }) {
    const results = await Promise.all(
      range(0, 49).map((version) =>
        store.commit(
          unit({
            assertions: [is('a', version)],
            writes: [write('a', `${version}`)],
            events: [on('room:a', 1)],
          }),
        ),
      ),
    )
    equal(
      results.map(({ status }) => status),
      results.map(() => 'committed'),
      'each assertion holds in its turn',
    )
    const offsets = results.map((result) =>
      result.status === 'committed' ? result.positions[0]?.offset : undefined,
    )
    equal(offsets, range(1, 50), 'offsets follow')
  },
}
