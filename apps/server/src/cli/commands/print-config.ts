import { explainConfig, type Setting } from '../../config.ts'
import { type CliCommand, exitCodes, UsageError } from '../command.ts'
import { table } from '../help.ts'

/** Prints the settings in force. */
export const printConfig: CliCommand = {
  name: 'print-config',
  summary: 'Show every setting in force and where its value comes from.',
  details: 'Secrets are not shown, only how long they are.',
  arguments: [
    {
      name: 'place',
      summary: 'the beginning of the settings wanted, as tokens or kinds.chat',
      isOptional: true,
    },
  ],
  examples: [
    ['parley print-config', 'all of them'],
    ['parley print-config limits', 'those below `limits`'],
    ['parley print-config --json', 'a list of { key, value, source }'],
  ],
  async run({ words: [place], sources, isJson, terminal }) {
    const all = explainConfig(sources)
    const settings =
      place === undefined ? all : all.filter(({ key }) => key === place || key.startsWith(`${place}.`))
    if (settings.length === 0)
      throw new UsageError(`No setting begins with \`${place}\`. \`parley print-config\` lists them.`)
    terminal.out(isJson ? JSON.stringify(settings, undefined, 2) : asText(settings))
    return exitCodes.done
  },
}

function asText(settings: readonly Setting[]): string {
  return table(
    settings.map(({ key, value, source }) => [key, shown(value), source]),
    '',
  )
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
