import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPinned } from '../pinned.ts'
import { freePort, listening, ownTarget, type Server } from '../targets.ts'

/** What a crowd over HTTP is pointed at. */
export interface HttpTarget {
  readonly name: string
  readonly missing: string | undefined
  start(): Promise<Server>
}

/** Socket.IO that polls. */
export const socketIoPolling: HttpTarget = ownTarget(
  'socket.io',
  'socket.io',
  './transports/servers/socket-io-polling.ts',
)

const nginxProgram = '/usr/sbin/nginx'
const module = '/usr/lib/nginx/modules/ngx_nchan_module.so'

/** Nchan as its documentation shows it, in one process. */
export const nchan: HttpTarget = {
  name: 'nchan',
  missing:
    existsSync(nginxProgram) && existsSync(module)
      ? undefined
      : 'Nchan is not installed (Debian: apt-get install nginx-light libnginx-mod-nchan)',
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'parley-bench-nchan-'))
    const port = await freePort()
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${join(folder, name)};`)
      .join(' ')
    const configuration = `load_module ${module};
      ${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; master_process off; pid ${join(folder, 'pid')};
      error_log ${join(folder, 'errors')} crit;
      events { worker_connections 4096; }
      http {
        access_log off; ${temporary} keepalive_requests 100000000; tcp_nodelay on;
        nchan_message_buffer_length 4000;
        server {
          listen 127.0.0.1:${port};
          location /pub/crowd { nchan_publisher; nchan_channel_id crowd; }
          location /sub/crowd {
            nchan_subscriber eventsource longpoll; nchan_channel_id crowd;
            nchan_subscriber_first_message newest;
          }
        }
      }`
    const file = join(folder, 'nginx.conf')
    await writeFile(file, configuration)
    const server = startPinned({ core: 0, command: [nginxProgram, '-p', folder, '-c', file], speaks: false })
    await listening(port)
    const stop = async (): Promise<void> => {
      await server.stop('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    }
    return { pid: server.pid, port, stop }
  },
}
