import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Certificate } from './certificate.ts'

const deploy = fileURLToPath(new URL('../../../deploy', import.meta.url))

/** A proxy in front of two nodes, with a sample configuration of `deploy/`. */
export interface RunningProxy {
  readonly url: string
  readonly secureUrl: string
  stop(): Promise<void>
}

export interface ProxyOptions {
  /** In `deploy/`: `nginx/parley.conf`. */
  readonly sample: string
  readonly ports: readonly [number, number]
  readonly certificate: Certificate
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts the program whose sample it is; only addresses and files are others than in the sample. */
export async function startProxy({ sample, ports, certificate }: ProxyOptions): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-proxy-'))
  const [plain, secure] = [await freePort(), await freePort()]
  const text = readFileSync(join(deploy, sample), 'utf8')
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${ports[0]}`)
    .replaceAll('127.0.0.1:3002', `127.0.0.1:${ports[1]}`)
    .replace('listen 80;', `listen 127.0.0.1:${plain};`)
    .replace('listen 443 ssl http2', `listen 127.0.0.1:${secure} ssl http2`)
    // This machine may not allow as many files.
    .replace(/maxconn \d+/, 'maxconn 4000')
    .replace('bind :80', `bind 127.0.0.1:${plain}`)
    .replace('bind :443', `bind 127.0.0.1:${secure}`)
    .replace('/etc/ssl/parley/fullchain.pem', certificate.certFile)
    .replace('/etc/ssl/parley/privkey.pem', certificate.keyFile)
    .replace('/etc/ssl/parley/parley.pem', certificate.bothFile)
  const [command, ...args] = sample.startsWith('nginx') ? nginx(folder, text) : haproxy(folder, text)
  const child = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)))
  const [url, secureUrl] = [`http://127.0.0.1:${plain}`, `https://localhost:${secure}`]
  await answering(url, child, () => output)
  return {
    url,
    secureUrl,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What Debian's nginx.conf has around the files of conf.d, with everything in one folder. */
function nginx(folder: string, text: string): string[] {
  mkdirSync(join(folder, 'logs'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const main = `${user} daemon off; worker_processes 1; pid ${join(folder, 'pid')}; error_log stderr error;
    events { worker_connections 4096; }
    http { access_log off; ${temporary.join(' ')}\n${text}\n}`
  writeFileSync(join(folder, 'nginx.conf'), main)
  return ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]
}

function haproxy(folder: string, text: string): string[] {
  writeFileSync(join(folder, 'haproxy.cfg'), text)
  return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')]
}

async function answering(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The proxy ended:\n${output()}`)
    const isReady = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
