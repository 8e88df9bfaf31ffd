import type { ConfigSources } from '../config.ts'
import type { Terminal } from './terminal.ts'

/** What the program ends with. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** The command line or the configuration is wrong: nothing was tried. */
  usage: 2,
  /** The server has answered with an error. */
  refused: 3,
  /** No server answers at the address. */
  unreachable: 4,
} as const

/** What a command prints of the codes beside 0 and 2, which all have. */
export type ExitCodes = Readonly<Record<number, string>>

export interface Argument {
  /** As the help shows it: `channel`. */
  readonly name: string
  readonly summary: string
  readonly isOptional?: boolean
  readonly isRepeated?: boolean
  /** What may stand here, where that is a list or a file: for completion. */
  readonly values?: readonly string[] | 'file' | 'folder'
}

export interface Option {
  /** Without dashes: `url`. */
  readonly name: string
  readonly summary: string
  /** What its value is called; absent for a switch. */
  readonly value?: string
  readonly isRepeated?: boolean
  readonly values?: readonly string[] | 'file' | 'folder'
}

/** A command line, checked against the command that it names. */
export interface Invocation {
  /** The values of arguments, in their order. */
  readonly words: readonly string[]
  /** The last value of an option; undefined when it is not given. A switch has `true`. */
  readonly option: (name: string) => string | undefined
  readonly all: (name: string) => readonly string[]
  readonly isJson: boolean
  /** Where settings are read from: what the command line sets, the environment, the directory. */
  readonly sources: ConfigSources
  readonly terminal: Terminal
}

/** A command of the program, as data: help and completion are made of it. */
export interface CliCommand {
  readonly name: string
  readonly summary: string
  /** What the help says below the summary. */
  readonly details?: string
  readonly arguments?: readonly Argument[]
  readonly options?: readonly Option[]
  /** Whether the settings of a server may be given as flags: `--data-dir`. Default true. */
  readonly takesSettings?: boolean
  readonly examples: readonly (readonly [line: string, says: string])[]
  readonly exitCodes?: ExitCodes
  /** Answers the exit code. What it throws is shown, and ends the program with the code that fits. */
  run(invocation: Invocation): Promise<number>
}

/** Thrown for what is asked in a way that cannot be done. The message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Thrown where no server answers. The message says where it was looked for, and what to do. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** Options that every command has. */
export const commonOptions: readonly Option[] = [
  { name: 'json', summary: 'Answer in JSON, for programs.' },
  { name: 'help', summary: 'Say what the command does and takes.' },
]

/** Options of the commands that talk to a server. */
export const remoteOptions: readonly Option[] = [
  { name: 'url', value: 'URL', summary: 'Where the server is. Default: PARLEY_URL, or as configured here.' },
  {
    name: 'token',
    value: 'TOKEN',
    summary: 'Act as the user of this token. Default: PARLEY_TOKEN.',
  },
  {
    name: 'key',
    value: 'ID:SECRET',
    summary: 'Act as a back end with this app key. Default: PARLEY_API_KEY, or the development key.',
  },
]

/** What commands that talk to a server end with. */
export const remoteExitCodes: ExitCodes = {
  [exitCodes.refused]: 'the server has refused it; the error says why',
  [exitCodes.unreachable]: 'no server answers at the address',
}
