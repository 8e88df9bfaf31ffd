import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasNginx = spawnSync('nginx', ['-v']).status === 0

/** An nginx of its own on a free port, before a server. */
export interface Nginx {
  readonly url: string
  stop(): Promise<void>
}

/** @param location what stands in `location / { … }`; `{server}` is the URL of the server */
export async function startNginx(server: string, location: string): Promise<Nginx> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-nginx-'))
  mkdirSync(join(directory, 'logs'))
  const port = await freePort()
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr; ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { worker_connections 256; }
     http {
       access_log off;
       client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
       uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
       map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
       server { listen 127.0.0.1:${port}; location / { ${location.replaceAll('{server}', server)} } }
     }`,
  )
  const child = spawn('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
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
  for (let attempt = 0; attempt < 400; attempt++) {
    if (child.exitCode !== null) break
    if (
      await fetch(`${url}/health`).then(
        () => true,
        () => false,
      )
    )
      return { url, stop }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await stop()
  throw new Error(`nginx did not start:\n${said}`)
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
