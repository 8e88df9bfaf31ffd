import type { Clock, Logger, Store } from '@parley/kernel'
import { memoryStore } from '@parley/kernel/memory'
import type { Config } from './config.ts'

/** What a store needs of the process. */
interface StoreSurroundings {
  readonly clock: Clock
  readonly logger: Logger
}

type Open = (config: Config, surroundings: StoreSurroundings) => Promise<Store>

// An adapter that is not asked for is not loaded.
const stores: Readonly<Record<Config['storageProvider'], Open>> = {
  memory: async (_config, { clock }) => memoryStore({ clock }),
  sqlite: async ({ dataDir }, surroundings) => {
    const { openSqliteStore } = await import('@parley/adapters/log-and-store/sqlite')
    return openSqliteStore({ directory: dataDir, ...surroundings })
  },
}

/** Opens the store that the configuration names. */
export function openStore(config: Config, surroundings: StoreSurroundings): Promise<Store> {
  return stores[config.storageProvider](config, surroundings)
}
