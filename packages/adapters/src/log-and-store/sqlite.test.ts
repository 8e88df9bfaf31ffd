import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkStore } from '@parley/kernel/testing'
import { test } from 'vitest'
import { openSqliteStore } from './sqlite.ts'

checkStore(
  test,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
    let store = await openSqliteStore({ directory })
    return {
      store,
      reopen: async () => {
        await store.close()
        store = await openSqliteStore({ directory })
        return store
      },
      close: async () => {
        await store.close()
        rmSync(directory, { recursive: true })
      },
    }
  },
  { sql: true, durable: true },
)
