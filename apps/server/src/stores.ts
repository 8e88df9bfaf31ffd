import type { Clock, Logger, Store } from '@parley/kernel'
import { memoryStore } from '@parley/kernel/memory'
import type { Config } from './config.ts'

/** What a store needs of the process. */
interface StoreSurroundings {
  readonly clock: Clock
  readonly logger: Logger
}

/** What is done while nobody else can use the data. */
export interface RestoreSteps {
  /** Before the data are replaced, by a backup that is good. */
  readonly prepare: () => Promise<void>
  /** When they are replaced. */
  readonly finish: () => Promise<void>
}

/** What is known of a store from outside. */
export interface StoreInspection {
  readonly path: string
  readonly bytes: number
  readonly schema: number
  readonly newestSchema: number
  /** How many migrations of each module are carried out. */
  readonly migrations: Readonly<Record<string, number>>
  /** Who uses it, as `by process 17 since …`. */
  readonly holder: string | undefined
}

/** What can be done with the data of a provider. */
interface Provider {
  open(config: Config, surroundings: StoreSurroundings): Promise<Store>
  /** Absent where nothing outlives the process. */
  readonly copies?: {
    /** The file of the database that a backup has. */
    readonly file: string
    backup(config: Config, file: string): Promise<void>
    restore(config: Config, file: string, around: RestoreSteps): Promise<void>
  }
  /** Looks at the data and changes nothing; undefined where there are none. */
  readonly inspect?: (config: Config) => Promise<StoreInspection | undefined>
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
      file: 'parley.db',
      backup: async ({ dataDir }, file) => (await sqlite()).backupSqlite({ directory: dataDir, to: file }),
      restore: async ({ dataDir }, file, steps) =>
        (await sqlite()).restoreSqlite({ directory: dataDir, from: file, ...steps }),
    },
    inspect: async ({ dataDir }) => (await sqlite()).inspectSqlite(dataDir),
  },
}

/** Opens the store that the configuration names. */
export function openStore(config: Config, surroundings: StoreSurroundings): Promise<Store> {
  return providers[config.storageProvider].open(config, surroundings)
}

/**
 * How the data of the configured store are copied.
 *
 * @throws Error that says why they cannot be
 */
export function copiesOf({ storageProvider }: Config): NonNullable<Provider['copies']> {
  const { copies } = providers[storageProvider]
  if (copies !== undefined) return copies
  throw new Error(`Storage \`${storageProvider}\` keeps nothing that could be copied.`)
}

/** Looks at the configured store from outside; undefined where nothing is kept yet, or ever. */
export async function inspectStore(config: Config): Promise<StoreInspection | undefined> {
  return providers[config.storageProvider].inspect?.(config)
}
