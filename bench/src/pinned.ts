import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type Answers, type Link, link } from './link.ts'

const canPin = process.platform === 'linux' && spawnSync('taskset', ['-c', '1', 'true']).status === 0

/** How processes are kept apart, for the head of a report. */
export const pinning = canPin
  ? 'server on core 0, loader on core 1'
  : 'not pinned (needs taskset and two cores)'

/** A process of its own on one core. */
export interface Pinned {
  readonly pid: number
  readonly link: Link
  /** Ends the process and waits until it is gone. Without a signal, what we can speak to is let go and ends itself. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface PinnedOptions {
  /** Default: any, as the system likes. */
  readonly core?: number | undefined
  readonly command: readonly string[]
  readonly answers?: Answers
  /** The program speaks over an IPC channel. Default true. */
  readonly speaks?: boolean
}

/** Starts a program pinned to a core, where the system can do that. */
export function startPinned({ core, command, answers = {}, speaks = true }: PinnedOptions): Pinned {
  const isPinned = canPin && core !== undefined
  const [program, ...given] = isPinned ? ['taskset', '-c', String(core), ...command] : command
  const child = spawn(program as string, given, {
    stdio: speaks ? ['ignore', 'inherit', 'inherit', 'ipc'] : ['ignore', 'ignore', 'ignore'],
  })
  if (child.pid === undefined) throw new Error(`${command[0]} could not be started.`)
  const line = link(child, answers)
  child.once('exit', (code, signal) =>
    line.fail(new Error(`${command.join(' ')} ended (${signal ?? code}).`)),
  )
  return { pid: child.pid, link: line, stop: (signal) => end(child, signal) }
}

async function end(child: ChildProcess, signal: NodeJS.Signals | undefined): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  if (signal !== undefined || !child.connected) child.kill(signal)
  else child.disconnect()
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(late)
}

/** The command line that runs one of our own files from source. */
export function nodeCommand(
  file: URL,
  nodeArguments: readonly string[] = [],
  ...rest: string[]
): readonly string[] {
  return [process.execPath, '--conditions=parley-source', ...nodeArguments, file.pathname, ...rest]
}
