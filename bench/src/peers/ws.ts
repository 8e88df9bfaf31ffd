// The bare `ws` library at its best: one pre-built frame an event, written to every member's socket.
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import * as library from 'ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { report } from '../servers/report.ts'
import { verifyToken } from '../token.ts'

interface Frame {
  readonly op: 'connect' | 'subscribe' | 'publish'
  readonly id?: number
  readonly token?: string
  readonly channel: string
  readonly data?: unknown
}
/** `ws` keeps its socket to itself; writing to it is the fastest way that there is. */
interface Inside {
  readonly _socket: Socket
}

/** Exported, but missing in the type definitions. */
const { Sender } = library as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } }

const channels = new Map<string, Set<Socket>>()
const http = createServer()
const server = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false })

server.on('connection', (client) => {
  const socket = (client as unknown as Inside)._socket
  const joined: Set<Socket>[] = []
  client.on('message', (bytes) => receive(client, socket, joined, JSON.parse(bytes.toString()) as Frame))
  client.on('error', () => undefined)
  client.on('close', () => {
    for (const members of joined) members.delete(socket)
  })
})

function receive(client: WebSocket, socket: Socket, joined: Set<Socket>[], frame: Frame): void {
  if (frame.op === 'publish') publish(frame)
  else if (frame.op === 'subscribe') join(frame.channel, socket, joined)
  else if (verifyToken(frame.token) === undefined) return client.close(4_001)
  if (frame.id !== undefined) client.send(`{"id":${frame.id},"ok":true}`)
}

function join(channel: string, socket: Socket, joined: Set<Socket>[]): void {
  const members = channels.get(channel) ?? new Set()
  channels.set(channel, members.add(socket))
  joined.push(members)
}

function publish({ channel, data }: Frame): void {
  const bytes = Buffer.from(JSON.stringify({ channel, data }))
  const options = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true }
  const parts = Sender.frame(bytes, options)
  const whole = Buffer.concat(parts)
  for (const socket of channels.get(channel) ?? []) socket.write(whole)
}

http.listen(0, '127.0.0.1', 4_096, () => void report((http.address() as AddressInfo).port))
