// What sockets of Node alone can do: the frames of our protocol from a server that checks, stores and promises nothing.
// Its times are the floor under ours on the machine and in the minute of a run.
import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { report } from '../servers/report.ts'

interface Channel {
  head: number
  sealed: number
  pending: string[]
  readonly members: Set<Socket>
}
interface Frame {
  readonly op: string
  readonly id: number
  readonly channel: string
  readonly input: { readonly channel: string; readonly type: string; readonly data: unknown }
}

const channels = new Map<string, Channel>()
const dirty = new Set<string>()

function channelOf(name: string): Channel {
  let channel = channels.get(name)
  if (channel === undefined) {
    channel = { head: 0, sealed: 0, pending: [], members: new Set() }
    channels.set(name, channel)
  }
  return channel
}

function receive(socket: Socket, frame: Frame): void {
  if (frame.op === 'subscribe') {
    const channel = channelOf(frame.channel)
    flush()
    channel.members.add(socket)
    socket.once('close', () => channel.members.delete(socket))
    reply(socket, frame.id, { position: { epoch: 'x', offset: channel.head }, head: channel.head })
  } else if (frame.op === 'call') {
    const channel = channelOf(frame.input.channel)
    channel.head += 1
    channel.pending.push(`{"type":"message","data":${JSON.stringify(frame.input.data)}}`)
    if (dirty.size === 0) setImmediate(flush)
    dirty.add(frame.input.channel)
    reply(socket, frame.id, { offset: channel.head })
  } else reply(socket, frame.id, {})
}

function flush(): void {
  for (const name of dirty) {
    const channel = channelOf(name)
    const { sealed, head } = channel
    const events = channel.pending.join(',')
    channel.sealed = head
    channel.pending = []
    const text = `{"op":"events","channel":"${name}","prev":${sealed},"position":${head},"at":${Date.now()},"events":[${events}]}`
    const bytes = serverFrame(text)
    for (const socket of channel.members) socket.write(bytes)
  }
  dirty.clear()
}

function reply(socket: Socket, id: number, ok: unknown): void {
  socket.write(serverFrame(`{"op":"reply","id":${id},"ok":${JSON.stringify(ok)}}`))
}

function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head =
    payload.length < 126 ? Buffer.alloc(2) : payload.length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = 0x81
  if (head.length === 2) head[1] = payload.length
  else if (head.length === 4) {
    head[1] = 126
    head.writeUInt16BE(payload.length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(payload.length), 2)
  }
  return Buffer.concat([head, payload])
}

function upgrade(socket: Socket, request: string): void {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1]
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Protocol: parley.v1.json\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
}

/** Takes the frames out of `bytes` and answers what is left. Clients send text of less than 64 KiB, unfragmented. */
function takeFrames(socket: Socket, bytes: Buffer): Buffer {
  let at = 0
  while (bytes.length - at >= 8) {
    const short = (bytes[at + 1] as number) & 0x7f
    const head = short < 126 ? 2 : 4
    const length = head === 2 ? short : bytes.readUInt16BE(at + 2)
    const start = at + head + 4
    if (bytes.length < start + length) break
    for (let index = 0; index < length; index++)
      bytes[start + index] = (bytes[start + index] as number) ^ (bytes[start - 4 + (index & 3)] as number)
    receive(socket, JSON.parse(bytes.toString('utf8', start, start + length)) as Frame)
    at = start + length
  }
  return bytes.subarray(at)
}

const server = createServer({ noDelay: true }, (socket) => {
  let isOpen = false
  let rest: Buffer | undefined
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    if (isOpen) {
      const left = takeFrames(socket, bytes)
      rest = left.length === 0 ? undefined : left
    } else if (bytes.includes('\r\n\r\n')) {
      isOpen = true
      rest = undefined
      upgrade(socket, bytes.toString('latin1'))
    } else rest = bytes
  })
})

server.listen(
  { port: 0, host: '127.0.0.1', backlog: 4_096 },
  () => void report((server.address() as AddressInfo).port),
)
