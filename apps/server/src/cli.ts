import { resolve } from 'node:path'
import { type Config, ConfigurationError, loadConfig } from './config.ts'
import { processLogger } from './logger.ts'
import { backedUp, checked, help, restored, stopping, welcome } from './messages.ts'
import { version } from './version.ts'

/** A command line, taken apart. */
interface CommandLine {
  readonly command: string
  /** What a command that copies data is given. */
  readonly file?: string
  /** Name and value of each flag, without its dashes. */
  readonly flags: readonly (readonly [name: string, text: string])[]
}

const say = (text: string) => void process.stdout.write(`${text}\n`)
const complain = (text: string) => void process.stderr.write(`${text}\n`)

/** Runs a command of the program. The exit code that it answers is 0, 1 (failed) or 2 (cannot be done as asked). */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const { command, file, flags } = parseCommandLine(args)
    const asked = (name: string, short: string) => args.includes(`--${name}`) || args.includes(`-${short}`)
    if (asked('help', 'h')) return answer(help())
    if (asked('version', 'v')) return answer(version)
    if (command === 'check-config') return answer(checked(loadConfig({ flags })))
    if (command === 'serve') return await serve(loadConfig({ flags }))
    if (command === 'backup' || command === 'restore')
      return answer(await copy(command, loadConfig({ flags }), file))
    complain(`There is no command \`${command}\`.\n\n${help()}`)
    return 2
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error))
    return error instanceof ConfigurationError ? 2 : 1
  }
}

function answer(text: string): number {
  say(text)
  return 0
}

/** @throws ConfigurationError for what is neither a command nor a flag */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const flags: (readonly [string, string])[] = []
  const words: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string
    if (!arg.startsWith('--')) {
      words.push(arg)
      continue
    }
    const next = args[index + 1]
    const takesNext =
      !arg.includes('=') && next !== undefined && !next.startsWith('--') && !commands.includes(next)
    flags.push(toFlag(arg.slice(2), takesNext ? next : 'true'))
    if (takesNext) index += 1
  }
  const [command = 'serve', ...others] = words.filter((word) => word !== '-h' && word !== '-v')
  const places = copying.includes(command) ? 1 : 0
  const file = others.at(0)
  const unexpected = [command, ...others].find((word, index) => index > places || word.startsWith('-'))
  if (unexpected === undefined) return { command, ...(file === undefined ? {} : { file }), flags }
  const problem = `\`${unexpected}\` is neither a command nor a flag; see --help`
  throw new ConfigurationError([{ problem, source: 'command line' }])
}

function toFlag(text: string, value: string): readonly [string, string] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text, value] : [text.slice(0, equals), text.slice(equals + 1)]
}

const copying = ['backup', 'restore']
const commands = ['serve', 'check-config', ...copying]

async function copy(what: 'backup' | 'restore', config: Config, file: string | undefined): Promise<string> {
  const problem = `\`${what}\` needs a file: parley ${what} parley-backup.db`
  if (file === undefined) throw new ConfigurationError([{ problem, source: 'command line' }])
  const path = resolve(file)
  const { copyData } = await import('./stores.ts')
  await copyData(what, config, path)
  return what === 'backup' ? backedUp(path, config) : restored(path, config)
}

async function serve(config: Config): Promise<number> {
  const logger = processLogger(config)
  for (const warning of config.warnings) logger.warn(warning)
  const { startServer } = await import('./compose.ts')
  const server = await startServer(config, logger)
  const stopped = stopSignal()
  if (config.logFormat === 'text') say(welcome(server, config))
  logger.info('The server is ready.', { url: server.url, profile: config.profile, version })
  await stopped
  if (config.logFormat === 'text') say(stopping)
  await server.close()
  return 0
}

// Whoever asks twice is in a hurry.
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0
    const stop = () => {
      asked += 1
      if (asked === 1) resolve()
      else process.exit(130)
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
