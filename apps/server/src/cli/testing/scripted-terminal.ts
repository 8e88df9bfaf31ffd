import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../run.ts'
import type { Terminal } from '../terminal.ts'

/** What became of a command. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** What was drawn on the terminal, where somebody looked on. */
  readonly lines: readonly string[]
}

export interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  readonly isInteractive?: boolean
  readonly stop?: Promise<void>
  /** Told what is said as it is said. */
  readonly onOut?: (text: string) => void
}

/** A folder of its own, with a configuration file where one is given. */
export function newFolder(config?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-cli-'))
  if (config !== undefined) writeFileSync(join(folder, 'parley.yaml'), config)
  return folder
}

/** Runs a command of the program in this process, in a folder. */
export async function parley(
  directory: string,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Ran> {
  const { environment = {}, input = '', isInteractive = false, stop, onOut } = surroundings
  const said = { out: [] as string[], err: [] as string[], lines: [] as string[] }
  const terminal: Terminal = {
    out(text) {
      said.out.push(text)
      onOut?.(text)
    },
    err: (text) => void said.err.push(text),
    line: (text) => void said.lines.push(text),
    isInteractive,
    environment,
    directory,
    input: () => Promise.resolve(input),
    stopped: () => stop ?? new Promise(() => undefined),
  }
  const code = await run(args, terminal)
  return { code, out: said.out.join('\n'), err: said.err.join('\n'), lines: said.lines }
}
