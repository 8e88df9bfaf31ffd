import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0

/** A value that a query answers. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** A Prometheus of its own that reads a server. */
export interface Prometheus {
  /** @throws Error with what is wrong with the query */
  query(expression: string): Promise<readonly Sample[]>
  stop(): Promise<void>
}

/** @param rules absolute path of a file of rules */
export async function startPrometheus(target: string, rules: string): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-prometheus-'))
  const port = await freePort()
  writeFileSync(
    join(directory, 'prometheus.yml'),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${rules}]
scrape_configs:
  - { job_name: parley, static_configs: [{ targets: ['${new URL(target).host}'] }] }
`,
  )
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(directory, { recursive: true, force: true })
  }
  const query = async (expression: string) => {
    const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expression })}`)
    const body = (await response.json()) as {
      status: string
      error?: string
      data: { result: readonly Sample[] }
    }
    if (body.status !== 'success') throw new Error(`${expression}: ${body.error}`)
    return body.data.result
  }
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
    const isReady = await fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false,
    )
    if (isReady) return { query, stop }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await stop()
  throw new Error(`Prometheus did not start:\n${said}`)
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
