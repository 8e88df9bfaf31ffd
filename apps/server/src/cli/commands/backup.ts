import { resolve } from 'node:path'
import { type BackupNote, backUp, keepsFilesOnDisk } from '../../backup.ts'
import { type Config, loadConfig } from '../../config.ts'
import { type CliCommand, exitCodes, type Invocation } from '../command.ts'
import { showProgress, sizeText } from '../progress.ts'

/** Copies the data. */
export const backup: CliCommand = {
  name: 'backup',
  summary: 'Copy the data to a folder, while the server runs or not.',
  details:
    'The copy is consistent: the database as of one moment, and the files that people have sent, where they lie in the data\n' +
    'directory. The folder has its name only when the copy is whole; an older backup of that name is replaced. Words that are\n' +
    'redacted later stay in the copy.',
  arguments: [{ name: 'folder', summary: 'a folder to write, as parley-backup', values: 'folder' }],
  examples: [
    ['parley backup /backups/parley-$(date +%F)', 'one a day'],
    ['parley backup copy --config /etc/parley.yaml', 'of the server that this file configures'],
  ],
  run: copy,
}

async function copy({ words: [name = ''], sources, terminal, isJson }: Invocation): Promise<number> {
  const config = loadConfig(sources)
  const folder = resolve(terminal.directory, name)
  const bars = { database: showProgress(terminal, 'Database'), files: showProgress(terminal, 'Files   ') }
  try {
    const note = await backUp(config, folder, (what, done, total) => bars[what].to(done, total))
    terminal.out(isJson ? JSON.stringify({ folder, ...note }) : said(config, folder, note))
  } finally {
    terminal.line('')
  }
  return exitCodes.done
}

function said(config: Config, folder: string, { files }: BackupNote): string {
  const what = files === undefined ? '' : `, with ${files.count} files (${sizeText(files.bytes)})`
  const elsewhere = keepsFilesOnDisk(config)
    ? ''
    : ' Files are kept elsewhere and are not in it: back them up there.'
  return `The data of ${config.dataDir} are in ${folder}${what}.${elsewhere} Words that are redacted from now on stay in the copy.`
}
