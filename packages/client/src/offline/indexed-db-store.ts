import { openDatabase } from './indexed-db.ts'
import type { OutboxStore, StoredRecord } from './outbox-store.ts'

const table = 'records'

/**
 * Keeps records in the browser, on disk before it says so. Tabs that open the same name share it.
 *
 * @param name one for each user of each application: `parley-outbox:ada`
 */
export function indexedDbOutboxStore(name: string): OutboxStore {
  const database = openDatabase(name, table, { keyPath: 'seq', autoIncrement: true })
  const change = (act: (records: IDBObjectStore) => void) => database.change(table, act)
  return {
    load: () => database.read<StoredRecord[]>(table, (records) => records.getAll()),
    async add(record) {
      let added: IDBRequest<IDBValidKey> | undefined
      await change((records) => {
        added = records.add(record)
      })
      return added?.result as number
    },
    update: (changed) =>
      change((records) => {
        for (const record of changed) {
          const asked = records.getKey(record.seq)
          asked.onsuccess = () => {
            if (asked.result !== undefined) records.put(record)
          }
        }
      }),
    remove: (seqs) =>
      change((records) => {
        for (const seq of seqs) records.delete(seq)
      }),
    clear: () => change((records) => void records.clear()),
    close: () => database.close(),
  }
}
