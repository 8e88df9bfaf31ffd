import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'

const main = fileURLToPath(new URL('../../apps/server/src/main.ts', import.meta.url))

export interface ServerProcessOptions {
  /** Default: a new folder, removed by `remove`. */
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
  /** In front of the command: `['strace', '-f', …]`; is told the server's folder. */
  readonly under?: (directory: string) => readonly string[]
  readonly flags?: readonly string[]
  /** As a configuration file would have them. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Another program instead of the server's: one with a planted defect. */
  readonly script?: string
}

const longestStartMs = 120_000

/** The real server in a process of its own, on a free port, that can be killed and started again over its data. */
export class ServerProcess {
  readonly directory: string
  readonly port: number
  output = ''
  readonly #options: ServerProcessOptions
  #child: ChildProcess | undefined

  private constructor(port: number, options: ServerProcessOptions) {
    this.port = port
    this.#options = options
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), 'parley-'))
    if (options.settings !== undefined) writeFileSync(this.#configFile, stringify(options.settings))
  }

  get #configFile(): string {
    return join(this.directory, 'parley.yaml')
  }

  static async start(options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), options)
    try {
      await server.start()
    } catch (error) {
      await server.remove()
      throw error
    }
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** The process is there, whether it answers or not. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Fulfilled when the server answers that it is ready. `more`: of the environment, for this time only. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const [command = process.execPath, ...before] = [
      ...(this.#options.under?.(this.directory) ?? []),
      process.execPath,
    ]
    const { script = main, flags = [], settings } = this.#options
    const config = settings === undefined ? [] : ['--config', this.#configFile]
    const child = spawn(command, [...before, '--conditions=parley-source', script, ...config, ...flags], {
      env: {
        ...process.env,
        PORT: String(this.port),
        PARLEY_DATA_DIR: join(this.directory, 'data'),
        ...this.#options.environment,
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a kill reaches whatever stands in front of the server too.
      detached: true,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data) => {
        this.output += String(data)
      })
    await this.#ready(child)
  }

  async #ready(child: ChildProcess): Promise<void> {
    const until = Date.now() + longestStartMs
    for (;;) {
      const end = child.exitCode ?? child.signalCode
      if (end !== null) throw new Error(`The server ended with ${end} before it was ready:\n${this.output}`)
      if (Date.now() > until) throw new Error(`The server was not ready in time:\n${this.output}`)
      const isReady = await fetch(`${this.url}/ready`, { signal: AbortSignal.timeout(5_000) }).then(
        (response) => response.ok,
        () => false,
      )
      if (isReady) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Ends the process without a word (kill -9), and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Stands still until `resume`: nothing of it runs, and its sockets stay open (SIGSTOP). */
  pause(): void {
    process.kill(-this.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(-this.pid, 'SIGCONT')
  }

  /** Asks the process to stop, and answers its exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null
    const gone = once(child, 'exit')
    process.kill(-(child.pid as number), signal)
    await gone
    return child.exitCode
  }

  async remove(): Promise<void> {
    await this.kill()
    if (this.#options.directory === undefined) rmSync(this.directory, { recursive: true, force: true })
  }

  /** Signs a user in by name, as the development profile allows. */
  async token(name: string): Promise<string> {
    const response = await fetch(`${this.url}/api/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    })
    const body = (await response.json()) as { token?: string }
    if (body.token === undefined) throw new Error(`No token for ${name}: ${JSON.stringify(body)}`)
    return body.token
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
