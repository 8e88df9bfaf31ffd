import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Connection, Transport } from '@parley/kernel'
import { type ServerFrame, serverFrames } from './frames.ts'

export interface EchoServer {
  readonly port: number
  readonly connections: Connection[]
  close(): Promise<void>
}

/** A transport on a free port whose node sends every message back. */
export async function echoServer(
  make: (server: ReturnType<typeof createServer>) => Transport,
): Promise<EchoServer> {
  const server = createServer()
  const transport = make(server)
  const connections: Connection[] = []
  await transport.start((connection) => {
    connections.push(connection)
    return {
      receive: (text) => connection.send({ text }),
      drained: () => undefined,
      closed: () => undefined,
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async close() {
      await transport.stop()
      server.closeAllConnections()
      server.close()
    },
  }
}

export interface RawClient {
  readonly socket: Socket
  readonly head: string
  /** Frames until the server ends the connection. */
  toEnd(): Promise<readonly ServerFrame[]>
  /** The next frames, as soon as there are so many. */
  next(count: number): Promise<readonly ServerFrame[]>
}

/** Opens a WebSocket over a bare socket. */
export async function rawClient(port: number, extensions?: string): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.setNoDelay(true)
  const offered = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`
  socket.write(
    'GET /realtime HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${offered}\r\n`,
  )
  let bytes = Buffer.alloc(0)
  let isOver = false
  let wake = () => {}
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    wake()
  })
  socket.on('close', () => {
    isOver = true
    wake()
  })
  const until = async (isEnough: () => boolean) => {
    while (!isEnough() && !isOver) await new Promise<void>((resolve) => (wake = resolve))
  }
  await until(() => bytes.includes('\r\n\r\n'))
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, end)
  bytes = bytes.subarray(end + 4)
  return {
    ...{ socket, head },
    async toEnd() {
      await until(() => false)
      return serverFrames(bytes)
    },
    async next(count) {
      await until(() => serverFrames(bytes).length >= count)
      return serverFrames(bytes).slice(0, count)
    },
  }
}
