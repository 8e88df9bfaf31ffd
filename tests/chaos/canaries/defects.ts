import { type Defect, defects as simulated } from '../../simulation/canaries/defects.ts'

/** Bugs of the simulation that real processes show as well. */
const shared: readonly string[] = [
  'gate without merging',
  'idempotency looked up after the rules',
  'pipelined commands reversed',
  'skipped position',
  'recovered, whatever the epoch',
]

/** Bugs that are planted into a real server, to see whether chaos notices. */
export const defects: readonly Defect[] = [
  ...simulated.filter(({ name }) => shared.includes(name)),
  {
    // Nine groups of ten are answered before they are on disk, and lost by kill -9.
    name: 'ack before commit',
    changes: [
      {
        file: 'packages/adapters/src/log-and-store/sqlite/writer/group.ts',
        healthy: '      this.#transaction.begin()\n      for',
        ill: '      if (!this.#transaction.isOpen) this.#transaction.begin()\n      for',
      },
      {
        file: 'packages/adapters/src/log-and-store/sqlite/writer/group.ts',
        healthy: '      this.#transaction.commit()\n',
        ill: '      if (Math.random() < 0.1) this.#transaction.commit()\n',
      },
    ],
  },
]

/** No bug: the database may not grow further than the environment says. */
export const smallDatabase: Defect = {
  name: 'small database',
  changes: [
    {
      file: 'packages/adapters/src/log-and-store/sqlite.ts',
      healthy: 'const { clock = systemTime, logger, maxPages } = options',
      ill: 'const { clock = systemTime, logger, maxPages = Number(process.env.CHAOS_PAGES) } = options',
    },
  ],
}
