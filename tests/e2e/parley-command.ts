import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../apps/server/src/main.ts', import.meta.url))

export interface CommandOptions {
  readonly directory: string
  readonly environment?: Readonly<Record<string, string>>
  /** In front of the command: `['prlimit', '--nofile=512']`. */
  readonly under?: readonly string[]
}

/** Runs a command of the program in a process of its own, with no settings but those given. */
export async function parleyCommand(
  args: readonly string[],
  { directory, environment = {}, under = [] }: CommandOptions,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(PARLEY_|PORT$|NODE_ENV$|JWT_SECRET$)/.test(name),
  )
  const [command = process.execPath, ...before] = [...under, process.execPath]
  const child = spawn(
    command,
    [...before, '--conditions=parley-source', '--disable-warning=ExperimentalWarning', main, ...args],
    {
      cwd: directory,
      env: { ...Object.fromEntries(own), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const said = { out: '', err: '' }
  child.stdout.on('data', (text) => (said.out += text))
  child.stderr.on('data', (text) => (said.err += text))
  const [code] = await once(child, 'close')
  return { code, ...said }
}
