import type { Clock, Logger, Store } from '@parley/kernel'
import { memoryStore } from '@parley/kernel/memory'
import type { Config } from './config.ts'

/** What a store needs of the process. */
interface StoreSurroundings {
  readonly clock: Clock
  readonly logger: Logger
}

/** What can be done with the data of a provider. */
interface Provider {
  open(config: Config, surroundings: StoreSurroundings): Promise<Store>
  /** Absent where nothing outlives the process. */
  readonly copies?: {
    backup(config: Config, file: string): Promise<void>
    restore(config: Config, file: string): Promise<void>
  }
}

// An adapter that is not asked for is not loaded.
const sqlite = () => import('@parley/adapters/log-and-store/sqlite')

const providers: Readonly<Record<Config['storageProvider'], Provider>> = {
  memory: {
    open: async (_config, { clock }) => memoryStore({ clock, sql: (await sqlite()).memorySql() }),
  },
  sqlite: {
    open: async ({ dataDir }, surroundings) =>
      (await sqlite()).openSqliteStore({ directory: dataDir, ...surroundings }),
    copies: {
      backup: async ({ dataDir }, file) => (await sqlite()).backupSqlite({ directory: dataDir, to: file }),
      restore: async ({ dataDir }, file) =>
        (await sqlite()).restoreSqlite({ directory: dataDir, from: file }),
    },
  },
}

/** Opens the store that the configuration names. */
export function openStore(config: Config, surroundings: StoreSurroundings): Promise<Store> {
  return providers[config.storageProvider].open(config, surroundings)
}

/**
 * Copies the data to a file, while a server uses them or not, or puts such a copy in their place, when none does.
 *
 * @throws Error that says what to do
 */
export async function copyData(what: 'backup' | 'restore', config: Config, file: string): Promise<void> {
  const { copies } = providers[config.storageProvider]
  if (copies === undefined)
    throw new Error(`Storage \`${config.storageProvider}\` keeps nothing that could be copied.`)
  await copies[what](config, file)
}
