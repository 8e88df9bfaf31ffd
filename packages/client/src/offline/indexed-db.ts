/** One database of a page, opened when it is first needed, and again after the browser has closed it. */
export interface Database {
  /** The result of a request in a transaction that only reads. */
  read<T>(table: string, ask: (records: IDBObjectStore) => IDBRequest): Promise<T>
  /** Resolves when the changes are on disk: all of them, or none. */
  change(table: string, act: (records: IDBObjectStore) => void): Promise<void>
  close(): Promise<void>
}

/** Opens a database with one table. Rejects on use where the browser has none to give: private windows, a full disk. */
export function openDatabase(name: string, table: string, options: IDBObjectStoreParameters): Database {
  let opened: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    opened ??= request(name, table, options).then((database) => {
      const forget = (): void => {
        opened = undefined
      }
      database.onclose = forget
      // Somebody wants to delete it: nobody waits for us.
      database.onversionchange = () => {
        database.close()
        forget()
      }
      return database
    })
    opened.catch(() => {
      opened = undefined
    })
    return opened
  }
  return {
    async read<T>(from: string, ask: (records: IDBObjectStore) => IDBRequest) {
      const transaction = (await open()).transaction(from, 'readonly')
      return settled(ask(transaction.objectStore(from))) as Promise<T>
    },
    async change(from, act) {
      const transaction = (await open()).transaction(from, 'readwrite', { durability: 'strict' })
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
      })
      act(transaction.objectStore(from))
      await done
    },
    async close() {
      const database = await opened?.catch(() => undefined)
      opened = undefined
      database?.close()
    },
  }
}

/** The result of a request. */
function settled<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })
}

function request(name: string, table: string, options: IDBObjectStoreParameters): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const { indexedDB } = globalThis as { indexedDB?: IDBFactory }
    if (indexedDB === undefined) throw new Error('There is no IndexedDB here.')
    const asked = indexedDB.open(name, 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore(table, options)
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })
}
