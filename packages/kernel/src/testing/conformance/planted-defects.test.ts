import { describe, expect, test } from 'vitest'
import { memoryRecentLog } from '../../memory/recent-log.ts'
import { memoryStore } from '../../memory/store.ts'
import { memoryTransport } from '../../memory/transport.ts'
import type { RecentLog } from '../../ports/event-log.ts'
import { controlChannel, type Store } from '../../ports/store.ts'
import type { Connection } from '../../ports/transport.ts'
import { checkRecentLog } from '../check-recent-log.ts'
import { checkStore } from '../check-store.ts'
import { checkTransport } from '../check-transport.ts'
import { VirtualClock } from '../virtual-clock.ts'
import type { DefineTest } from './suite.ts'

/** Runs a suite and answers the names of the checks that fail, or never end. */
async function failures(define: (collect: DefineTest) => void): Promise<string[]> {
  const checks: (readonly [name: string, run: () => Promise<void>])[] = []
  define((name, run) => checks.push([name, run]))
  const failed: string[] = []
  for (const [name, run] of checks) {
    const outcome = run().then(
      () => 'passed',
      () => 'failed',
    )
    if ((await Promise.race([outcome, manyTurns()])) !== 'passed') failed.push(name)
  }
  return failed
}

async function manyTurns(): Promise<string> {
  for (let turn = 0; turn < 2_000; turn++) await new Promise(setImmediate)
  return 'hangs'
}

/** What is wrong with a store, and a check that must notice. */
const storeDefects: Record<string, readonly [plant: (store: Store) => Partial<Store>, noticedBy: string]> = {
  'nothing is wrong': [() => ({}), ''],
  'offsets start at 0': [
    (store) => ({
      async commit(unit) {
        const result = await store.commit(unit)
        if (result.status !== 'committed') return result
        return {
          ...result,
          positions: result.positions.map(({ epoch, offset }) => ({ epoch, offset: offset - 1 })),
        }
      },
    }),
    'offsets of each channel start at 1 and grow by 1',
  ],
  'the head of the control channel is as of another unit': [
    (store) => ({
      async commit(unit) {
        const result = await store.commit(unit)
        if (result.status !== 'committed') return result
        const [top] = await store.tops(unit.app, [controlChannel])
        return { ...result, control: top?.head ?? 0 }
      },
    }),
    'a commit tells the head of its app’s control channel as of the unit',
  ],
  'promises are fulfilled out of order': [
    (store) => {
      let count = 0
      return {
        async commit(unit) {
          const result = await store.commit(unit)
          if (count++ % 2 === 0) await undefined
          return result
        },
      }
    },
    'a thousand units at once keep the order of the calls',
  ],
  'an empty channel has another epoch each time': [
    (store) => {
      let count = 0
      return {
        tops: async (app, channels) =>
          (await store.tops(app, channels)).map((top) =>
            top.head === 0 ? { ...top, epoch: `epoch-${count++}` } : top,
          ),
      }
    },
    'a channel that was never written has an epoch and keeps it',
  ],
  'epochs count up': [
    (store) => ({
      tops: async (app, channels) =>
        (await store.tops(app, channels)).map((top, index) => ({ ...top, epoch: `${index}` })),
    }),
    'epochs are unguessable and belong to one channel of one app',
  ],
  'receipts are lost': [
    (store) => ({ commit: ({ receipt, ...unit }) => store.commit(unit) }),
    'a repeat is answered as the first run, and changes nothing',
  ],
  'receipts are looked up before the batch only': [
    (store) => ({
      async commit({ receipt, ...unit }) {
        const [earlier] = receipt === undefined ? [] : await store.receipts([receipt.scope])
        if (earlier !== undefined) return { status: 'repeated', receipt: earlier }
        const result = await store.commit(unit)
        if (receipt !== undefined) await store.commit({ ...unit, events: [], writes: [], receipt })
        return result
      },
    }),
    'of twins in one batch only the first runs',
  ],
  'assertions come before receipts': [
    (store) => ({
      async commit(unit) {
        const { status } = await store.commit({
          app: unit.app,
          assertions: unit.assertions,
          writes: [],
          events: [],
        })
        return status === 'refused' ? { status, assertion: 0 } : store.commit(unit)
      },
    }),
    'a repeat is answered although its assertion no longer holds',
  ],
  'assertions are ignored': [
    (store) => ({ commit: (unit) => store.commit({ ...unit, assertions: [] }) }),
    'of units that race for one version exactly one wins',
  ],
  'a refused unit leaves its events': [
    (store) => ({
      async commit(unit) {
        const result = await store.commit(unit)
        if (result.status === 'refused') await store.commit({ ...unit, assertions: [], writes: [] })
        return result
      },
    }),
    'a refused unit changes nothing',
  ],
  'the assertion named is always the first': [
    (store) => ({
      async commit(unit) {
        const result = await store.commit(unit)
        return result.status === 'refused' ? { ...result, assertion: 0 } : result
      },
    }),
    'a refused unit changes nothing',
  ],
  'apps share channels': [
    (store) => ({ read: (_app, channel, options) => store.read('acme', channel, options) }),
    'the same channel name in two apps shares nothing',
  ],
  'reads have no weight': [
    (store) => ({ read: (app, channel, { after, limit }) => store.read(app, channel, { after, limit }) }),
    'reads stop by weight, and give one event at least',
  ],
  'backward reads descend': [
    (store) => ({
      readBackward: async (app, channel, before, limit) =>
        (await store.readBackward(app, channel, before, limit)).toReversed(),
    }),
    'backward reads give the newest events below an offset, ascending',
  ],
  'an event of that very time counts as older': [
    (store) => ({ offsetBefore: (app, channel, at) => store.offsetBefore(app, channel, at + 1) }),
    'a time is turned into an offset',
  ],
  'a trimmed channel loses its head': [
    (store) => ({
      tops: async (app, channels) =>
        (await store.tops(app, channels)).map((top) =>
          top.first > top.head ? { ...top, head: 0, first: 1 } : top,
        ),
    }),
    'the head survives when everything is trimmed, and offsets go on',
  ],
  'redact keeps the id': [
    (store) => ({
      read: async (app, channel, options) =>
        (await store.read(app, channel, options)).map((event) =>
          event.redacted ? { ...event, id: 'm-2' } : event,
        ),
    }),
    'redact leaves a tombstone at the same offset',
  ],
  'events are picked in the order of the log': [
    (store) => ({
      pick: async (app, channel, offsets) =>
        store.pick(
          app,
          channel,
          offsets.toSorted((a, b) => a - b),
        ),
    }),
    'events are picked by their offsets, in the order asked',
  ],
  'redactions of a unit are forgotten': [
    (store) => ({ commit: ({ redactions, ...unit }) => store.commit(unit) }),
    'a unit makes tombstones, together with all else that it does',
  ],
  'a refused unit redacts': [
    (store) => ({
      async commit(unit) {
        const result = await store.commit(unit)
        if (result.status === 'refused') await store.commit({ ...unit, assertions: [] })
        return result
      },
    }),
    'a refused unit redacts nothing',
  ],
  'redactions come after the events of their unit': [
    (store) => ({
      async commit({ redactions, ...unit }) {
        const result = await store.commit(unit)
        if (result.status === 'committed' && redactions !== undefined)
          await store.commit({ app: unit.app, assertions: [], writes: [], events: [], redactions })
        return result
      },
    }),
    'a unit does not redact its own events',
  ],
  'migrations are dropped in silence': [
    () => ({ migrate: async () => undefined }),
    'migrations are refused with `unavailable`, none are not',
  ],
  'a prefix is a pattern without case': [
    (store) => ({
      async records(app, table, { prefix = '', ...options }) {
        const pattern = new RegExp(
          `^${prefix.replace('\\', '\\\\').replaceAll('_', '.').replaceAll('%', '.*')}`,
          'i',
        )
        return (await store.records(app, table, { ...options, limit: 1_000 })).filter(({ key }) =>
          pattern.test(key),
        )
      },
    }),
    'a prefix is taken to the letter',
  ],
  'records are not in order': [
    (store) => ({
      records: async (app, table, options) => (await store.records(app, table, options)).toReversed(),
    }),
    'records are listed in order, in pages',
  ],
  'keys lose what is not well-formed': [
    (store) => ({
      commit: (unit) =>
        store.commit({
          ...unit,
          writes: unit.writes.map((write) =>
            'sql' in write ? write : { ...write, key: write.key.toWellFormed() },
          ),
        }),
    }),
    'odd keys are told apart',
  ],
  'a sweep takes all that has a time limit': [
    (store) => ({ sweep: () => store.sweep(Number.MAX_SAFE_INTEGER) }),
    'expired receipts are swept, others stay',
  ],
  'a closed store takes units': [
    (store) => ({ close: async () => undefined, status: () => store.status() }),
    'close finishes what was accepted and refuses the rest',
  ],
  'SQL is dropped in silence': [
    (store) => ({
      commit: (unit) => store.commit({ ...unit, writes: unit.writes.filter((write) => !('sql' in write)) }),
    }),
    'SQL is refused with `unavailable`, and nothing is changed',
  ],
}

describe('the store checks notice', () => {
  const clock = new VirtualClock()
  test.each(Object.entries(storeDefects))('%s', async (_defect, [plant, noticedBy]) => {
    const open = async () => {
      const sound = memoryStore({ clock })
      const store: Store = { ...sound, ...plant(sound) }
      return { store, close: () => store.close() }
    }
    const failed = await failures((collect) => checkStore(collect, open))
    if (noticedBy === '') expect(failed).toEqual([])
    else expect(failed).toContain(noticedBy)
  })

  test('a restart that finds nothing', async () => {
    const open = async () => {
      const store = memoryStore({ clock })
      return { store, reopen: async () => memoryStore({ clock }), close: () => store.close() }
    }
    const failed = await failures((collect) => checkStore(collect, open, { durable: true }))
    expect(failed).toEqual([
      'everything is there after reopening',
      'offsets and epochs go on after reopening',
      'tombstones stay after reopening',
      'what was accepted before close is there after reopening',
    ])
  })
})

const logDefects: Record<
  string,
  readonly [plant: (log: RecentLog) => Partial<RecentLog>, noticedBy: string]
> = {
  'nothing is wrong': [() => ({}), ''],
  'append keeps everything': [
    (log) => ({
      append: (app, channel, events) =>
        log.append(app, channel, events, { maxEvents: 1e9, maxAgeMs: 1e12, maxBytes: 1e12 }),
    }),
    'append keeps a channel within its events and bytes',
  ],
  'appends overtake one another': [
    (log) => {
      let count = 0
      return {
        async append(app, channel, events, retention) {
          for (let hop = count++ % 3; hop > 0; hop--) await undefined
          return log.append(app, channel, events, retention)
        },
      }
    },
    'positions are answered in order, also by appends that are not awaited',
  ],
}

describe('the recent log checks notice', () => {
  test.each(Object.entries(logDefects))('%s', async (_defect, [plant, noticedBy]) => {
    const open = async () => {
      const clock = new VirtualClock()
      const sound = memoryRecentLog({ clock })
      return {
        log: { ...sound, ...plant(sound) },
        advance: (ms: number) => clock.advance(ms),
        close: async () => undefined,
      }
    }
    const failed = await failures((collect) => checkRecentLog(collect, open))
    if (noticedBy === '') expect(failed).toEqual([])
    else expect(failed).toContain(noticedBy)
  })

  test('heads that last an hour', async () => {
    const open = async () => {
      const clock = new VirtualClock()
      let log = memoryRecentLog({ clock })
      const advance = async (ms: number) => {
        await clock.advance(ms)
        log = memoryRecentLog({ clock })
      }
      const through = new Proxy({} as RecentLog, { get: (_target, name) => log[name as keyof RecentLog] })
      return { log: through, advance, close: async () => undefined }
    }
    const failed = await failures((collect) => checkRecentLog(collect, open))
    expect(failed).toEqual(['epoch and head outlive the events by 24 hours'])
  })
})

const transportDefects: Record<
  string,
  readonly [plant: (connection: Connection) => Partial<Connection>, noticedBy: string]
> = {
  'nothing is wrong': [() => ({}), ''],
  'frames overtake corked ones': [
    (connection) => {
      let held: Parameters<Connection['send']>[0][] | undefined
      return {
        send: (frame) => (held === undefined ? connection.send(frame) : held.unshift(frame)),
        cork() {
          held = []
        },
        uncork() {
          for (const frame of held ?? []) connection.send(frame)
          held = undefined
        },
      }
    },
    'corking changes neither content nor order',
  ],
  'nothing ever waits': [
    () => ({ bufferedBytes: 0 }),
    'a stalled client fills only its own buffer, and gets everything when it reads',
  ],
  'the reason is lost': [
    (connection) => ({ close: (code) => connection.close(code, '') }),
    'the node closes: what was sent before arrives, then the code',
  ],
}

describe('the transport checks notice', () => {
  const run = async (plant: (connection: Connection) => Partial<Connection>) => {
    const open = async () => {
      const transport = memoryTransport()
      const planted = (connection: Connection): Connection => {
        const changed = plant(connection)
        return {
          get bufferedBytes() {
            return changed.bufferedBytes ?? connection.bufferedBytes
          },
          send: changed.send ?? ((frame) => connection.send(frame)),
          cork: changed.cork ?? (() => connection.cork()),
          uncork: changed.uncork ?? (() => connection.uncork()),
          close: changed.close ?? ((code, reason) => connection.close(code, reason)),
        }
      }
      return {
        transport: {
          ...transport,
          start: (accept: Parameters<typeof transport.start>[0]) =>
            transport.start((connection, handshake) => accept(planted(connection), handshake)),
        },
        async connect(listener: {
          message: (text: string) => void
          closed: (code: number, reason: string) => void
        }) {
          const client = transport.connect()
          client.onMessage = (text) => listener.message(text)
          client.onClose = (code, reason) => listener.closed(code, reason)
          return client
        },
        close: async () => transport.stop(),
      }
    }
    return failures((collect) => checkTransport(collect, open))
  }

  test.each(Object.entries(transportDefects))('%s', async (_defect, [plant, noticedBy]) => {
    const failed = await run(plant)
    if (noticedBy === '') expect(failed).toEqual([])
    else expect(failed).toContain(noticedBy)
  })
})
