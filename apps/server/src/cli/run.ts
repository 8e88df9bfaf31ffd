import { ParleyError } from '@parley/protocol'
import { ConfigurationError } from '../config.ts'
import { version } from '../version.ts'
import { exitCodes, UnreachableError, UsageError } from './command.ts'
import { parseCommandLine } from './command-line.ts'
import { commands } from './commands.ts'
import { commandHelp, programHelp } from './help.ts'
import type { Terminal } from './terminal.ts'

/** Runs a command of the program; answers the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const isJson = args.includes('--json') || args.includes('-j')
  try {
    if (args.length === 1 && ['--version', '-v'].includes(args[0] as string)) return answer(terminal, version)
    if (args[0] === 'help') return answer(terminal, helpFor(args[1]))
    if (args.length === 1 && ['--help', '-h'].includes(args[0] as string)) return answer(terminal, helpFor())
    const { command, asksHelp, invocation } = parseCommandLine(args, commands, terminal)
    if (asksHelp) return answer(terminal, commandHelp(command))
    return await command.run(invocation)
  } catch (error) {
    terminal.line('')
    terminal.err(isJson ? JSON.stringify({ error: errorBody(error) }) : errorText(error))
    return codeOf(error)
  }
}

function answer(terminal: Terminal, text: string): number {
  terminal.out(text)
  return exitCodes.done
}

function helpFor(name?: string): string {
  const command = commands.find((one) => one.name === name)
  return command === undefined ? programHelp(commands) : commandHelp(command)
}

function codeOf(error: unknown): number {
  if (error instanceof ConfigurationError || error instanceof UsageError) return exitCodes.usage
  if (error instanceof UnreachableError) return exitCodes.unreachable
  return error instanceof ParleyError ? exitCodes.refused : exitCodes.failed
}

function errorText(error: unknown): string {
  if (!(error instanceof ParleyError)) return error instanceof Error ? error.message : String(error)
  const { code, message, details } = error.toBody()
  const more = details === undefined ? '' : `\n${JSON.stringify(details, undefined, 2)}`
  return `The server answered \`${code}\`: ${message}${more}`
}

function errorBody(error: unknown): object {
  if (error instanceof ParleyError) return error.toBody()
  if (error instanceof ConfigurationError)
    return { code: 'configuration', message: error.message, mistakes: error.mistakes }
  const code =
    error instanceof UsageError ? 'usage' : error instanceof UnreachableError ? 'unreachable' : 'failed'
  return { code, message: error instanceof Error ? error.message : String(error) }
}
