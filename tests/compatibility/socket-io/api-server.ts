import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type ServerOptions } from '@parley/socket.io'

/** A server with the API of Socket.IO in this process, on a free port. */
export interface ApiServer {
  readonly io: Server
  readonly url: string
  close(): Promise<void>
}

export async function apiServer(options: ServerOptions = {}): Promise<ApiServer> {
  const http = createServer()
  const io = new Server(http, options)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  return { io, url: `http://127.0.0.1:${port}`, close: () => io.close() }
}
