import { fixedPlaces, isGroup } from '../config/places.ts'
import { type CliCommand, commonOptions, type Option } from './command.ts'
import { argumentText } from './command-line.ts'

/** How the program is used. */
export function programHelp(commands: readonly CliCommand[]): string {
  const rows = commands.map(({ name, arguments: words = [], summary }) => [
    `parley ${[name, ...words.map(argumentText)].join(' ')}`,
    summary,
  ])
  return `Parley: ordered channels on which nothing is lost.

${table(rows)}

  parley COMMAND --help  what a command does, its options, examples and exit codes
  parley --version       the version

Without a command the server is started. Settings come from flags, then the environment, then the file, then the profile:

  --port 3001                    PARLEY_PORT or PORT
  --profile production           PARLEY_PROFILE or NODE_ENV: development, staging, production
  --config parley.yaml           PARLEY_CONFIG; parley.yaml is read when it is there
  --data-dir ./data              PARLEY_DATA_DIR
  --tokens.clock-skew-ms 5000    PARLEY_TOKENS_CLOCK_SKEW_MS; every setting has both names
                                 PARLEY_JWT_SECRET: signs the tokens of the app \`default\`
                                 PARLEY_API_KEY: \`id:secret\` of a back end of the app \`default\`

Exit codes: 0 done, 1 failed, 2 the command line or the configuration is wrong, 3 the server has refused it, 4 no server
answers.`
}

/** How one command is used. */
export function commandHelp(command: CliCommand): string {
  const { name, summary, details, arguments: words = [], options = [], examples, exitCodes = {} } = command
  const codes = { 0: 'done', 1: 'failed', 2: 'the command line or the configuration is wrong', ...exitCodes }
  return [
    `parley ${[name, ...words.map(argumentText)].join(' ')}`,
    ...['', summary],
    ...(details === undefined ? [] : ['', details]),
    ...(words.length === 0 ? [] : ['', table(words.map((one) => [argumentText(one), one.summary]))]),
    ...[
      '',
      'Options',
      '',
      table([...options, ...commonOptions].map((one) => [optionText(one), one.summary])),
    ],
    ...(command.takesSettings === false
      ? []
      : [
          '',
          'and every setting of the server as a flag, as --data-dir ./data; `parley print-config` lists them.',
        ]),
    ...['', 'Examples', '', examples.map(([line, says]) => `  ${line}\n      ${says}`).join('\n')],
    ...['', 'Exit codes', '', table(Object.entries(codes).map(([code, says]) => [code, says]))],
  ].join('\n')
}

/** `--url URL` */
function optionText({ name, value, isRepeated }: Option): string {
  return `--${name}${value === undefined ? '' : ` ${value}`}${isRepeated === true ? ' …' : ''}`
}

/** Settings as flags, with what may stand there. */
export function settingFlags(): readonly { readonly flag: string; readonly expected: string }[] {
  return [...fixedPlaces.values()]
    .filter((place) => !isGroup(place))
    .map(({ path, expected }) => ({ flag: `--${path.map(dashed).join('.')}`, expected }))
}

const dashed = (step: string) =>
  step.replace(/[a-z0-9][A-Z]/g, (pair) => `${pair[0]}-${pair[1]}`).toLowerCase()

/** Rows in columns. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
  return rows.map((row) => `${indent}${line(row)}`.trimEnd()).join('\n')
}
