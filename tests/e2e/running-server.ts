import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@parley/kernel/memory'
import { type RunningServer, startServer } from '@parley/server/compose'
import { loadConfig } from '@parley/server/config'
import { stringify } from 'yaml'

/** A server in this process, on a free port, over a folder that `remove` deletes. */
export interface TestServer extends RunningServer {
  readonly directory: string
  remove(): Promise<void>
}

/** Starts a server with settings as a configuration file would have them. */
export async function runningServer(settings: Readonly<Record<string, unknown>> = {}): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-'))
  writeFileSync(
    join(directory, 'parley.yaml'),
    stringify({ port: 0, dataDir: './data', logLevel: 'silent', ...settings }),
  )
  const server = await startServer(loadConfig({ directory, environment: {} }), silentLogger)
  return {
    ...server,
    directory,
    async remove() {
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
