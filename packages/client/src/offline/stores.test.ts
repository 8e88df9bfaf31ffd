import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type AsyncStorage, asyncStorageOutboxStore } from './async-storage-store.ts'
import { fileOutboxStore } from './file-store.ts'
import { memoryOutboxStore } from './memory-store.ts'
import type { OutboxStore } from './outbox-store.ts'
import { storeConformance } from './testing/store-conformance.ts'

const folders: string[] = []
const newFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-outbox-'))
  folders.push(folder)
  return join(folder, 'outbox')
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function storage(): AsyncStorage {
  const items = new Map([['other', 'not ours']])
  return {
    getItem: async (key) => items.get(key) ?? null,
    setItem: async (key, value) => void items.set(key, value),
    removeItem: async (key) => void items.delete(key),
    getAllKeys: async () => [...items.keys()],
  }
}

/** Makes openers: each call of one opens the same place anew. */
const places: Readonly<Record<string, () => () => OutboxStore>> = {
  memory: () => {
    const store = memoryOutboxStore()
    return () => store
  },
  file: () => {
    const path = newFile()
    return () => fileOutboxStore(path)
  },
  'async storage': () => {
    const items = storage()
    return () => asyncStorageOutboxStore(items, 'parley-outbox:ada')
  },
}

describe.each(Object.entries(places))('the store in %s', (_name, place) => {
  test.each(Object.entries(storeConformance))('%s', async (_case, run) => run({ open: place() }))
})

const record = (id: string) => ({ id, command: 'chat.send', input: { text: 'x'.repeat(50) }, addedAt: 1 })
const idsIn = async (path: string) => {
  const store = fileOutboxStore(path)
  const ids = (await store.load()).map(({ id }) => id)
  await store.close()
  return ids
}

describe('a file after a crash', () => {
  test('is read up to where its last line was cut, wherever that is, and is written on', async () => {
    const path = newFile()
    const store = fileOutboxStore(path)
    await store.add(record('a'))
    await store.add(record('b'))
    await store.close()
    const whole = readFileSync(path)
    const second = whole.indexOf('\n') + 1
    for (const length of [second, second + 1, second + 20, whole.length - 1]) {
      writeFileSync(path, whole)
      truncateSync(path, length)
      expect(await idsIn(path)).toEqual(['a'])
      const again = fileOutboxStore(path)
      await again.add(record('c'))
      await again.close()
      expect(await idsIn(path)).toEqual(['a', 'c'])
    }
  })

  test('that has lost its place on the disk (zeros at the end) is read up to there', async () => {
    const path = newFile()
    const store = fileOutboxStore(path)
    await store.add(record('a'))
    await store.close()
    appendFileSync(path, Buffer.alloc(100))
    expect(await idsIn(path)).toEqual(['a'])
  })

  test('that is damaged in the middle says so and is left as it is', async () => {
    const path = newFile()
    const store = fileOutboxStore(path)
    for (const id of ['a', 'b', 'c']) await store.add(record(id))
    await store.close()
    const text = readFileSync(path, 'utf8')
    const damaged = text.replace('"b"', '"x"')
    writeFileSync(path, damaged)
    await expect(fileOutboxStore(path).load()).rejects.toThrow('is damaged in line 2')
    expect(readFileSync(path, 'utf8')).toBe(damaged)
  })

  test('is small again after much has come and gone', async () => {
    const path = newFile()
    const store = fileOutboxStore(path)
    await store.add(record('stays'))
    for (let round = 0; round < 12; round++) {
      const seqs = await Promise.all(Array.from({ length: 100 }, (_, n) => store.add(record(`r${n}`))))
      await Promise.all(seqs.map((seq) => store.remove([seq])))
    }
    await store.close()
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(1_100)
    expect(await idsIn(path)).toEqual(['stays'])
  })

  test('another process that lives is told apart from one that is gone', async () => {
    const path = newFile()
    expect(await idsIn(path)).toEqual([])
    writeFileSync(`${path}.lock`, String(process.ppid))
    await expect(fileOutboxStore(path).load()).rejects.toThrow(`Process ${process.ppid} has this outbox open`)
    writeFileSync(`${path}.lock`, '4000000')
    expect(await idsIn(path)).toEqual([])
  })

  test('what a process that is killed with -9 was promised is there, and nothing is broken', async () => {
    const path = newFile()
    const module = new URL('./file-store.ts', import.meta.url).href
    const script = `
      const { fileOutboxStore } = await import(${JSON.stringify(module)})
      const store = fileOutboxStore(${JSON.stringify(path)})
      for (let n = 0; ; n++) {
        await store.add({ id: 'r' + n, command: 'c', input: 'x'.repeat(n % 700), addedAt: n })
        process.stdout.write(n + '\\n')
      }`
    for (let round = 0; round < 3; round++) {
      rmSync(path, { force: true })
      const child = spawn(
        process.execPath,
        ['--conditions=parley-source', '--input-type=module', '-e', script],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      let promised = -1
      child.stdout.on('data', (chunk: Buffer) => {
        promised = Number(chunk.toString().trimEnd().split('\n').at(-1))
        if (promised > 30 + round * 17) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const ids = await idsIn(path)
      expect(ids.length).toBeGreaterThan(promised)
      expect(ids).toEqual(ids.map((_, n) => `r${n}`))
    }
  }, 60_000)
})
