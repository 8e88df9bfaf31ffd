import { controlChannel } from '../../ports/store.ts'
import { equal, ok, refused } from './assert.ts'
import { eventAt, offsets } from './log-cases.ts'
import { committed, receipt, type StoreSubject, unit } from './store-subject.ts'
import { type Cases, range } from './suite.ts'

const all = { after: 0, limit: 10_000 }
const on = (channel: string, offset: number) => ({ ...eventAt(offset), channel })

/** Order, wholeness and the life of a store. */
export const storeCommitCases: Cases<StoreSubject> = {
  async 'a unit gets its positions in the order of its events, across channels'({ store }) {
    const events = [on('room:a', 1), on('room:b', 1), on('room:a', 2), on('room:c', 1), on('room:b', 2)]
    const positions = await committed(store.commit(unit({ events })), 'a unit on three channels')
    equal(
      positions.map(({ offset }) => offset),
      [1, 1, 2, 1, 2],
      'one position an event, counted by channel',
    )
    const tops = await store.tops('acme', ['room:a', 'room:b', 'room:c'])
    equal(
      tops.map(({ head }) => head),
      [2, 2, 1],
      'heads agree',
    )
    equal([positions[0]?.epoch, positions[1]?.epoch], [tops[0]?.epoch, tops[1]?.epoch], 'each in its epoch')
  },

  async 'a commit tells the head of its app’s control channel as of the unit'({ store }) {
    const change = on(controlChannel, 1)
    const sent = [
      unit({ events: [on('room:a', 1)] }),
      unit({ events: [change, on('room:a', 2), change] }),
      unit({ app: 'other', events: [on('room:a', 1)] }),
      unit({ events: [on('room:a', 3)] }),
      unit({ events: [change] }),
      unit({ writes: [{ table: 'notes', key: 'a', value: '1' }] }),
    ]
    const results = await Promise.all(sent.map((one) => store.commit(one)))
    equal(
      results.map((result) => result.status === 'committed' && result.control),
      [0, 2, 0, 2, 3, 3],
      'what was committed before is at or below it, what comes later is above',
    )
  },

  async 'a unit with nothing in it is committed'({ store }) {
    equal(await committed(store.commit(unit({})), 'an empty unit'), [], 'it has no positions')
  },

  async 'a unit may hold five hundred events'({ store }) {
    const events = range(1, 500).map((offset) => on('room:a', offset))
    const positions = await committed(store.commit(unit({ events })), 'a large unit')
    equal(
      positions.map(({ offset }) => offset),
      range(1, 500),
      'each has its offset',
    )
    equal((await store.read('acme', 'room:a', all)).length, 500, 'all can be read')
  },

  async 'a thousand units at once keep the order of the calls'({ store }) {
    const fulfilled: number[] = []
    const sent = range(0, 999).map(async (index) => {
      const events = [{ ...eventAt(1), channel: `room:${index % 7}`, data: `${index}` }]
      const positions = await committed(store.commit(unit({ events })), 'a unit among many')
      fulfilled.push(index)
      return positions[0]?.offset
    })
    equal(
      await Promise.all(sent),
      range(0, 999).map((index) => Math.floor(index / 7) + 1),
      'offsets follow the calls',
    )
    equal(fulfilled, range(0, 999), 'promises are fulfilled in the order of the calls')
    for (const room of range(0, 6)) {
      const expected = range(0, 999).filter((index) => index % 7 === room)
      const found = await store.read('acme', `room:${room}`, all)
      equal(
        found.map(({ data }) => Number(data)),
        expected,
        'the log has them in that order',
      )
    }
    equal(store.status().queued, 0, 'nothing waits any more')
  },

  async 'a read that starts after a commit sees all of it'({ store }) {
    for (const offset of range(1, 25)) {
      const writes = [{ table: 'rooms', key: 'a', value: `${offset}` }]
      const scope = `scope ${offset}`
      await store.commit(unit({ events: [on('room:a', offset)], writes, receipt: receipt(scope) }))
      const [tops, events, row, receipts] = await Promise.all([
        store.tops('acme', ['room:a']),
        store.read('acme', 'room:a', { after: offset - 1, limit: 9 }),
        store.record('acme', 'rooms', 'a'),
        store.receipts([scope]),
      ])
      equal(tops[0]?.head, offset, 'the head')
      equal(offsets(events), [offset], 'the event')
      equal(row, { key: 'a', value: `${offset}`, version: offset }, 'the record')
      ok(receipts[0] !== undefined, 'a read after the commit sees the receipt')
    }
  },

  async 'what tops tell can be read while others write'({ store }) {
    const writing = range(1, 300).map((offset) => store.commit(unit({ events: [on('room:a', offset)] })))
    let head = 0
    while (head < 300) {
      head = (await store.tops('acme', ['room:a']))[0]?.head ?? 0
      const found = offsets(await store.read('acme', 'room:a', all))
      ok(found.length >= head, `the ${head} events that tops told of are there (found ${found.length})`)
      equal(found, range(1, found.length), 'without a gap')
    }
    await Promise.all(writing)
  },

  async 'an open store is writable'({ store }) {
    const { writable, problem, queued } = store.status()
    equal({ writable, problem, queued }, { writable: true, queued: 0 }, 'its status says so')
  },

  async 'close finishes what was accepted and refuses the rest'({ store }) {
    const accepted = range(1, 50).map((offset) => store.commit(unit({ events: [on('room:a', offset)] })))
    const closing = store.close()
    await refused(store.commit(unit({ events: [on('room:a', 51)] })), 'a unit after close', ['unavailable'])
    const results = await Promise.all(accepted)
    equal(
      results.map(({ status }) => status),
      accepted.map(() => 'committed'),
      'all that was accepted is committed',
    )
    await closing
    await refused(store.read('acme', 'room:a', all), 'a read after close', ['unavailable'])
    equal(store.status().writable, false, 'a closed store is not writable')
    await store.close()
  },
}
