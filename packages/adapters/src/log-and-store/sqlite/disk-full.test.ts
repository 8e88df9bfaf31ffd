import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Unit } from '@parley/kernel'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openSqliteStore, type SqliteOptions, type SqliteStore } from '../sqlite.ts'

const now = 1_767_225_600_000
const everything = { after: 0, limit: 1_000_000 }

const unit = (id: number): Unit => ({
  app: 'acme',
  assertions: [],
  writes: [{ table: 'rooms', key: `${id}`, value: '1' }],
  events: [
    { channel: 'room:a', id: `${id}`, type: 'test.happened', data: JSON.stringify('x'.repeat(900)), at: now },
    { channel: `room:${id % 7}`, type: 'test.happened', data: '1', at: now },
  ],
  receipt: { scope: `${id}`, fingerprint: 'f', output: '{}', expiresAt: now },
})

async function open(options: SqliteOptions): Promise<SqliteStore> {
  const store = await openSqliteStore({ probeIntervalMs: 20, ...options })
  onTestFinished(() => store.close())
  return store
}

/** Writes groups of units until the disk is full; tells which were committed, and what the others were told. */
async function fill(store: SqliteStore): Promise<{ committed: Map<number, number>; codes: Set<string> }> {
  const committed = new Map<number, number>()
  const codes = new Set<string>()
  for (let id = 0; codes.size === 0; id += 50)
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        try {
          const result = await store.commit(unit(id + index))
          if (result.status === 'committed') committed.set(id + index, result.positions[0]?.offset ?? 0)
        } catch (error) {
          codes.add((error as { code: string }).code)
        }
      }),
    )
  return { committed, codes }
}

/** What the store holds is exactly the committed units, whole. */
async function expectExactly(store: SqliteStore, committed: ReadonlyMap<number, number>): Promise<void> {
  const events = await store.read('acme', 'room:a', everything)
  expect(events.map(({ id, offset }) => [Number(id), offset])).toEqual([...committed])
  expect((await store.tops('acme', ['room:a']))[0]?.head).toBe(committed.size)
  const others = await store.tops(
    'acme',
    Array.from({ length: 7 }, (_, index) => `room:${index}`),
  )
  expect(others.reduce((sum, { head }) => sum + head, 0)).toBe(committed.size)
  expect((await store.records('acme', 'rooms', { limit: 100_000 })).length).toBe(committed.size)
  const scopes = Array.from({ length: committed.size + 100 }, (_, index) => `${index}`)
  expect((await store.receipts(scopes)).filter((receipt) => receipt !== undefined).length).toBe(
    committed.size,
  )
}

async function expectFull(store: SqliteStore): Promise<Map<number, number>> {
  const { committed, codes } = await fill(store)
  expect(committed.size).toBeGreaterThan(50)
  expect([...codes]).toEqual(['store_full'])
  expect(store.status()).toMatchObject({
    writable: false,
    problem: expect.stringContaining('The disk is full'),
  })
  await expect(store.commit(unit(-1))).rejects.toMatchObject({ code: 'store_full', retryable: true })
  await expectExactly(store, committed)
  return committed
}

/** After room was made, the refused unit goes in at the next offset. */
async function expectRecovered(store: SqliteStore, committed: Map<number, number>): Promise<void> {
  await vi.waitFor(() => expect(store.status()).toEqual({ writable: true, queued: 0 }), { timeout: 10_000 })
  const refused = Math.max(...committed.keys()) + 1
  const result = await store.commit(unit(refused))
  expect(result).toMatchObject({ status: 'committed', positions: [{ offset: committed.size + 1 }, {}] })
}

test('a full database refuses whole groups, keeps heads right, and takes writes again after a trim', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const store = await open({ directory, maxPages: 2_000 })
  const committed = await expectFull(store)
  const retention = { maxEvents: 10, maxAgeMs: 1e12, maxBytes: 1e12 }
  expect(await store.trim('acme', 'room:a', retention, now)).toBe(committed.size - 9)
  await expectRecovered(store, committed)
})

test('a full database is as full, and as whole, after it was opened again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const store = await open({ directory, maxPages: 500 })
  const { committed } = await fill(store)
  await store.close()
  const next = await open({ directory })
  await expectExactly(next, committed)
  await expectRecovered(next, committed)
})

test('what was handed over before the refusal was heard is refused too, although there is room again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  // Units go to the writer at once, so that this thread can stand still with one on its way.
  const clock = { now: () => now, defer: (run: () => void) => run() }
  const store = await open({ directory, maxPages: 200, probeIntervalMs: 1, clock })
  const large = {
    ...unit(1),
    writes: [{ table: 'rooms', key: 'large', value: `"${'x'.repeat(2_000_000)}"` }],
  }
  const refused = [expect(store.commit(large)).rejects.toMatchObject({ code: 'store_full' })]
  // The disk is full, and found to have room again; this thread hears of neither.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  refused.push(expect(store.commit(unit(2))).rejects.toMatchObject({ code: 'store_full' }))
  await Promise.all(refused)
  await vi.waitFor(() => expect(store.status()).toEqual({ writable: true, queued: 0 }), { timeout: 10_000 })
  for (const id of [1, 2])
    expect(await store.commit(unit(id))).toMatchObject({ positions: [{ offset: id }, { offset: 1 }] })
})

/** A file system of 6 MB, where the system allows one: on Linux, for root. */
function mountSmallDisk(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'parley-disk-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', directory])
  onTestFinished(() => {
    if (status === 0) spawnSync('umount', ['-l', directory])
    rmSync(directory, { recursive: true, force: true })
  })
  return status === 0 ? directory : undefined
}

test('a full disk refuses whole groups, and is written again when there is room', async ({ skip }) => {
  const disk = mountSmallDisk()
  if (disk === undefined) return skip('no small disk can be mounted: needs root on Linux')
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(3_000_000))
  mkdirSync(join(disk, 'data'))
  const store = await open({ directory: join(disk, 'data') })
  const committed = await expectFull(store)
  rmSync(ballast)
  await expectRecovered(store, committed)
})
