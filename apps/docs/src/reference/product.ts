import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '@parley/kernel'
import type { Contract } from '@parley/protocol'
import { startServer } from '@parley/server/compose'
import { loadConfig } from '@parley/server/config'

/** What a server says of itself. */
export interface Product {
  readonly contracts: readonly Contract[]
  /** Its metrics, in Prometheus' text format. */
  readonly metrics: string
}

const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silent }

/** Starts a server that keeps everything in memory, and reads what it offers. */
export async function readProduct(): Promise<Product> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-docs-'))
  try {
    const flags = { storageProvider: 'memory', port: '0', host: '127.0.0.1', dataDir: directory }
    const config = loadConfig({ flags: Object.entries(flags), environment: {}, directory })
    const server = await startServer(config, silent)
    try {
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      return { contracts: server.node.registry.modules.map(({ contract }) => contract), metrics }
    } finally {
      await server.close()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function nothing(): void {
  // A build says nothing of the server that it asks.
}
