import { resolve } from 'node:path'
import { restoreBackup } from '../../backup.ts'
import { loadConfig } from '../../config.ts'
import { type CliCommand, exitCodes, type Invocation } from '../command.ts'
import { showProgress, sizeText } from '../progress.ts'

/** Puts a backup in the place of the data. */
export const restore: CliCommand = {
  name: 'restore',
  summary: 'Replace the data by a backup; stop the server first.',
  details:
    'The backup is checked before anything is replaced. Every channel is a new stream afterwards: clients that held positions\n' +
    'are told to load a snapshot. The file of a database alone may be given too: files are left as they are then.',
  arguments: [{ name: 'folder', summary: 'a backup', values: 'folder' }],
  examples: [['parley restore /backups/parley-2026-11-30', 'after the server was stopped']],
  run: put,
}

async function put({ words: [name = ''], sources, terminal, isJson }: Invocation): Promise<number> {
  const config = loadConfig(sources)
  const from = resolve(terminal.directory, name)
  const bar = showProgress(terminal, 'Files')
  try {
    const note = await restoreBackup(config, from, (_what, done, total) => bar.to(done, total))
    const files = note?.files
    const what = files === undefined ? '' : ` and ${files.count} files (${sizeText(files.bytes)})`
    terminal.out(
      isJson
        ? JSON.stringify({ from, dataDir: config.dataDir, ...note })
        : `The data of ${config.dataDir} are those of ${from} now${what}. ` +
            'Every channel is a new stream: clients that held positions are told to load a snapshot.',
    )
  } finally {
    bar.end()
  }
  return exitCodes.done
}
