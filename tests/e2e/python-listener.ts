import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../examples/python/parley_client.py', import.meta.url))

const isNewEnough = 'import sys; sys.exit(sys.version_info < (3, 9))'

/** Whether this machine can run the client: it needs Python 3.9, which the rest of the project does not. */
export const hasPython = spawnSync('python3', ['-c', isNewEnough]).status === 0

/** An event as the client writes it down. */
export interface WrittenEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly offset: number
  readonly at: number
  readonly by?: string
  readonly redacted?: true
}

/** The Python client of `examples`, listening to a channel with its files in a folder of its own. */
export class PythonListener {
  readonly folder = mkdtempSync(join(tmpdir(), 'parley-python-'))
  readonly state = join(this.folder, 'state')
  readonly out = join(this.folder, 'events.jsonl')
  /** What the client said about its connections, over all its lives. */
  trouble = ''
  /** What it printed instead of writing it to a file. */
  printed = ''
  readonly #token = join(this.folder, 'token')
  #child: ChildProcess | undefined

  constructor(token: string) {
    writeFileSync(this.#token, `${token}\n`)
  }

  start(url: string, channel: string, where: 'to a file' | 'to standard output' = 'to a file'): void {
    const out = where === 'to a file' ? ['--out', this.out] : []
    const child = spawn(
      'python3',
      ['-B', script, 'listen', url, channel, '--token-file', this.#token, '--state', this.state, ...out],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    child.stdout?.on('data', (text) => {
      this.printed += String(text)
    })
    child.stderr?.on('data', (text) => {
      this.trouble += String(text)
    })
    this.#child = child
  }

  /** Ends the process without a word. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Fulfilled with the exit code when the client ends by itself. */
  async ended(): Promise<number | null> {
    const child = this.#child as ChildProcess
    if (child.exitCode === null) await once(child, 'close')
    return child.exitCode
  }

  /** Fulfilled when the position in the state file has reached an offset. */
  async reached(offset: number): Promise<void> {
    const folder = watch(this.folder)
    try {
      while ((this.position()?.offset ?? -1) < offset) await once(folder, 'change')
    } finally {
      folder.close()
    }
  }

  position(): { readonly epoch: string; readonly offset: number } | undefined {
    try {
      return JSON.parse(readFileSync(this.state, 'utf8')).position
    } catch {
      return undefined
    }
  }

  events(): WrittenEvent[] {
    return parseLines(readFileSync(this.out, 'utf8'))
  }

  /** Leaves the file as a kill in the middle of a write does. */
  interrupt(half: string): void {
    appendFileSync(this.out, half)
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Publishes by the same script, and answers what it printed. */
  publish(
    url: string,
    channel: string,
    options: { readonly data: unknown; readonly key: string },
  ): Promise<unknown> {
    const flags = ['--token-file', this.#token, '--data', JSON.stringify(options.data), '--key', options.key]
    return new Promise((resolve, reject) => {
      execFile('python3', ['-B', script, 'publish', url, channel, ...flags], (error, output) =>
        error === null ? resolve(JSON.parse(output)) : reject(error),
      )
    })
  }
}

/** Runs the protocol's test vectors in Python, and answers what the test runner said. */
export function checkVectors(): { readonly status: number | null; readonly output: string } {
  const { status, stderr } = spawnSync('python3', ['-B', '-m', 'unittest', 'test_vectors'], {
    cwd: dirname(script),
    encoding: 'utf8',
  })
  return { status, output: stderr }
}

/** Events from lines of JSON. */
export function parseLines(text: string): WrittenEvent[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}
