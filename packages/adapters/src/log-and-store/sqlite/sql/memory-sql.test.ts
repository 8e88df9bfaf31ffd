import { memoryStore } from '@parley/kernel/memory'
import { checkStore, VirtualClock } from '@parley/kernel/testing'
import { test } from 'vitest'
import { memorySql } from './memory-sql.ts'

const clock = new VirtualClock()

checkStore(
  test,
  async () => {
    let store = memoryStore({ clock, sql: memorySql() })
    const reopen = async () => {
      await store.close()
      store = memoryStore({ clock, disk: store.disk })
      return store
    }
    return { store, reopen, close: () => store.close() }
  },
  { sql: true, durable: true },
)
