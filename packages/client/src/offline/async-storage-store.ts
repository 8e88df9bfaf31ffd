import type { OutboxStore, StoredRecord } from './outbox-store.ts'

/** What is used of `@react-native-async-storage/async-storage`, or of whatever has the same methods. */
export interface AsyncStorage {
  getItem(key: string): Promise<string | null>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
  getAllKeys(): Promise<readonly string[]>
}

/**
 * Keeps records in a key-value storage, as React Native has one. One process at a time.
 *
 * @param prefix of the keys, one for each user: `parley-outbox:ada`
 */
export function asyncStorageOutboxStore(storage: AsyncStorage, prefix: string): OutboxStore {
  const keyOf = (seq: number): string => `${prefix}:${String(seq).padStart(16, '0')}`
  const keys = async (): Promise<readonly string[]> =>
    (await storage.getAllKeys())
      .filter((key) => /^:\d{16}$/.test(key.slice(prefix.length)) && key.startsWith(prefix))
      .toSorted()
  let last: Promise<number> | undefined
  let work: Promise<unknown> = Promise.resolve()
  /** One thing after the other. */
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const done = work.then(run, run)
    work = done.catch(() => undefined)
    return done
  }
  const lastSeq = (): Promise<number> => {
    last ??= keys().then((all) => Number(all.at(-1)?.slice(prefix.length + 1) ?? 0))
    last.catch(() => {
      last = undefined
    })
    return last
  }
  return {
    load: () =>
      inTurn(async () => {
        const texts = await Promise.all((await keys()).map((key) => storage.getItem(key)))
        return texts.flatMap((text) => read(text) ?? [])
      }),
    add: (record) =>
      inTurn(async () => {
        const seq = (await lastSeq()) + 1
        await storage.setItem(keyOf(seq), JSON.stringify({ ...record, seq }))
        last = Promise.resolve(seq)
        return seq
      }),
    update: (records) =>
      inTurn(async () => {
        for (const record of records)
          if ((await storage.getItem(keyOf(record.seq))) !== null)
            await storage.setItem(keyOf(record.seq), JSON.stringify(record))
      }),
    remove: (seqs) =>
      inTurn(async () => {
        // The next place is behind what was removed, too.
        await lastSeq()
        for (const seq of seqs) await storage.removeItem(keyOf(seq))
      }),
    clear: () =>
      inTurn(async () => {
        await lastSeq()
        for (const key of await keys()) await storage.removeItem(key)
      }),
    close: () => inTurn(async () => undefined),
  }
}

/** A value that a crash has left half-written is none. */
function read(text: string | null): StoredRecord | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as StoredRecord)
  } catch {
    return undefined
  }
}
