import { fixedPlaces, isSwitch } from '../config/places.ts'
import { plainForm, suggestion } from '../config/shape.ts'
import { type CliCommand, commonOptions, type Invocation, type Option, UsageError } from './command.ts'
import type { Terminal } from './terminal.ts'

/** What a command line names. */
export interface Parsed {
  readonly command: CliCommand
  readonly asksHelp: boolean
  readonly invocation: Invocation
}

const shorts: Readonly<Record<string, string>> = { '-h': '--help', '-v': '--version', '-j': '--json' }
const switchText = /^(true|false|yes|no|on|off|1|0)$/i

/**
 * Takes a command line apart. Options of a command stand before or behind its name; what is no option of it is a
 * setting, where the command takes settings.
 *
 * @throws UsageError that names what is not understood and what was likely meant
 */
export function parseCommandLine(
  args: readonly string[],
  commands: readonly CliCommand[],
  terminal: Terminal,
): Parsed {
  const command = findCommand(args, commands)
  const reader = new Reader(command)
  const nameAt = args.indexOf(command.name)
  for (let index = 0; index < args.length; ) {
    const isName = index === nameAt && !reader.isAfterDashes
    index += isName ? 1 : reader.take(args[index] as string, args[index + 1])
  }
  const { words, options, flags } = reader
  const all = (name: string) => options.get(name) ?? []
  const option = (name: string) => all(name).at(-1)
  const asksHelp = option('help') !== undefined
  if (!asksHelp) checkWords(command, words)
  const { environment, directory } = terminal
  const sources = { flags, environment, directory }
  return {
    command,
    asksHelp,
    invocation: { words, option, all, isJson: option('json') !== undefined, sources, terminal },
  }
}

/** The first word that names a command; without words it is the first of all, which serves. */
function findCommand(args: readonly string[], commands: readonly CliCommand[]): CliCommand {
  const named = commands.find(
    ({ name }) => name === args.find((arg) => commands.some((one) => one.name === arg)),
  )
  if (named !== undefined) return named
  const [first] = commands
  const word = args.find((arg, index) => !arg.startsWith('-') && !isValueOf(args[index - 1]))
  if (word === undefined) return first as CliCommand
  const meant = suggestion(
    word,
    commands.map(({ name }) => name),
  )
  throw new UsageError(
    `There is no command \`${word}\`${meant === undefined ? '.' : `; did you mean \`${meant}\`?`} See parley --help.`,
  )
}

const isValueOf = (before: string | undefined) => before?.startsWith('--') === true && !before.includes('=')

/** Reads one argument after the other. */
class Reader {
  readonly words: string[] = []
  readonly options = new Map<string, string[]>()
  readonly flags: (readonly [string, string])[] = []
  isAfterDashes = false
  readonly #command: CliCommand
  readonly #known: readonly Option[]

  constructor(command: CliCommand) {
    this.#command = command
    this.#known = [...(command.options ?? []), ...commonOptions]
  }

  /** Answers how many arguments were taken. */
  take(given: string, next: string | undefined): 1 | 2 {
    const arg = this.isAfterDashes ? given : (shorts[given] ?? given)
    if (this.isAfterDashes || !arg.startsWith('-') || /^-(\d|$)/.test(arg)) this.words.push(arg)
    else if (arg === '--') this.isAfterDashes = true
    else if (arg.startsWith('--')) return this.#takeOption(arg.slice(2), next)
    else throw new UsageError(`\`${arg}\` is neither an option nor a setting; ${this.#seeHelp}`)
    return 1
  }

  #takeOption(text: string, next: string | undefined): 1 | 2 {
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const written = equals < 0 ? undefined : text.slice(equals + 1)
    const option = this.#known.find((one) => one.name === name)
    if (option !== undefined) return this.#takeKnown(option, written, next)
    if (this.#command.takesSettings === false || this.#isMistypedOption(name)) throw this.#unknown(name)
    const takesNext = written === undefined && next !== undefined && isSettingText(name, next)
    this.flags.push([name, written ?? (takesNext ? next : 'true')])
    return takesNext ? 2 : 1
  }

  #takeKnown(option: Option, written: string | undefined, next: string | undefined): 1 | 2 {
    const takesNext = option.value !== undefined && written === undefined
    if (takesNext && next === undefined)
      throw new UsageError(`--${option.name} needs a value: --${option.name} ${option.value}.`)
    const value = option.value === undefined ? (written ?? 'true') : (written ?? (next as string))
    const values = this.options.get(option.name) ?? []
    if (value !== 'false' || option.value !== undefined) values.push(value)
    if (values.length > 0) this.options.set(option.name, values)
    if (values.length > 1 && option.isRepeated !== true && option.value !== undefined)
      throw new UsageError(`--${option.name} is given twice; ${this.#seeHelp}`)
    return takesNext ? 2 : 1
  }

  /** What is no setting, and nearly an option of the command. */
  #isMistypedOption(name: string): boolean {
    if (placeOf(name) !== undefined) return false
    const own = (this.#command.options ?? []).map((option) => option.name)
    return suggestion(name, own) !== undefined && suggestion(name, [...fixedPlaces.keys()]) === undefined
  }

  #unknown(name: string): UsageError {
    const meant = suggestion(
      name,
      this.#known.map((option) => option.name),
    )
    const hint = meant === undefined ? '' : ` Did you mean --${meant}?`
    return new UsageError(`--${name} is no option of \`${this.#command.name}\`.${hint} ${this.#seeHelp}`)
  }

  get #seeHelp(): string {
    return `see parley ${this.#command.name} --help.`
  }
}

/** The setting that a flag names, `--no-debugging` too. */
function placeOf(name: string) {
  const negated = name.startsWith('no-')
  return fixedPlaces.get(plainForm(name)) ?? (negated ? fixedPlaces.get(plainForm(name.slice(3))) : undefined)
}

/** Whether a text behind a setting is its value. */
function isSettingText(name: string, next: string): boolean {
  if (next.startsWith('--')) return false
  const place = placeOf(name)
  return place === undefined || !isSwitch(place) || switchText.test(next)
}

function checkWords(command: CliCommand, words: readonly string[]): void {
  const wanted = command.arguments ?? []
  const usage = `parley ${[command.name, ...wanted.map(argumentText)].join(' ')}`
  const missing = wanted.filter((argument) => argument.isOptional !== true)[words.length]
  if (missing !== undefined) throw new UsageError(`\`${command.name}\` needs ${missing.summary}: ${usage}`)
  const unexpected = wanted.at(-1)?.isRepeated === true ? undefined : words[wanted.length]
  if (unexpected !== undefined)
    throw new UsageError(`\`${unexpected}\` is one word too many for \`${command.name}\`: ${usage}`)
}

/** `CHANNEL`, `[DATA]`, `[PART…]` */
export function argumentText(argument: { name: string; isOptional?: boolean; isRepeated?: boolean }): string {
  const text = `${argument.name.toUpperCase()}${argument.isRepeated === true ? '…' : ''}`
  return argument.isOptional === true ? `[${text}]` : text
}
