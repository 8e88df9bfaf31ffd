import { systemClock } from '@parley/adapters/system-clock'
import { silentLogger } from '@parley/kernel/memory'
import { loadConfig } from '../../config.ts'
import { openStore } from '../../stores.ts'
import { type CliCommand, exitCodes, type Invocation } from '../command.ts'
import { offlineModules } from '../offline-modules.ts'
import { findPending } from '../pending-migrations.ts'
import { showProgress } from '../progress.ts'

/** Brings the data up to date. */
export const migrate: CliCommand = {
  name: 'migrate',
  summary: 'Bring the database to the schema of this version; stop the server first.',
  details:
    'A server does the same when it starts. Do it by hand to know how long it takes, or to have it done before the start. Make\n' +
    'a backup first: there is no way back but restoring it.',
  options: [
    {
      name: 'check',
      summary: 'Say what there is to do, and change nothing; the exit code is 1 when there is.',
    },
  ],
  examples: [
    ['parley migrate --check', 'before an update'],
    ['parley migrate', 'do it'],
  ],
  exitCodes: { [exitCodes.failed]: 'failed, or with --check: there is something to do' },
  run,
}

async function run({ option, sources, terminal, isJson }: Invocation): Promise<number> {
  const config = loadConfig(sources)
  const modules = await offlineModules(config)
  const pending = await findPending(config, modules)
  const isCheck = option('check') !== undefined
  if (!isCheck) {
    const bar = showProgress(terminal, 'Migrating')
    const store = await openStore(config, { clock: systemClock(), logger: silentLogger })
    try {
      for (const [index, { contract, migrations = [] }] of modules.entries()) {
        bar.to(index, modules.length)
        await store.migrate(contract.name, migrations)
      }
    } finally {
      bar.end()
      await store.close()
    }
  }
  terminal.out(isJson ? JSON.stringify({ pending, done: !isCheck }) : said(pending, isCheck))
  return isCheck && pending.length > 0 ? exitCodes.failed : exitCodes.done
}

function said(pending: readonly string[], isCheck: boolean): string {
  if (pending.length === 0) return 'The database is up to date.'
  return `${isCheck ? 'There is to do' : 'Done'}:\n${pending.map((one) => `- ${one}`).join('\n')}`
}
