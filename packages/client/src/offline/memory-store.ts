import type { OutboxRecord, OutboxStore, StoredRecord } from './outbox-store.ts'

/** Keeps records as long as the process lives: for tests, and where nothing else is to be had. */
export function memoryOutboxStore(): OutboxStore {
  const records = new Map<number, string>()
  let last = 0
  return {
    load: async () => [...records.values()].map((text) => JSON.parse(text) as StoredRecord),
    async add(record: OutboxRecord) {
      last += 1
      records.set(last, JSON.stringify({ ...record, seq: last }))
      return last
    },
    async update(changed) {
      for (const record of changed)
        if (records.has(record.seq)) records.set(record.seq, JSON.stringify(record))
    },
    async remove(seqs) {
      for (const seq of seqs) records.delete(seq)
    },
    async clear() {
      records.clear()
    },
    close: async () => undefined,
  }
}
