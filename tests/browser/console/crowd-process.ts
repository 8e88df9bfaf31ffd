// Opens many connections, as cheaply as it can, and holds them: a process of its own, as each takes a file descriptor.
// Arguments: port, how many, the key that signs tokens. Says `open` when all are there.
import { createHmac, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

const [port = 0, count = 0] = process.argv.slice(2, 4).map(Number)
const key = process.argv[4] as string
const atOnce = 24

function tokenOf(user: string): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const head = encode({ alg: 'HS256', typ: 'JWT', kid: 'development' })
  const claims = { sub: user, iat: now, exp: now + 3_600, capabilities: { 'live:*': ['read'] } }
  const signed = `${head}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

/** A text frame of a client: masked, with a mask of zeros. */
function frame(text: string): Buffer {
  const bytes = Buffer.from(text)
  const head =
    bytes.length < 126
      ? Buffer.from([0x81, 0x80 | bytes.length, 0, 0, 0, 0])
      : Buffer.from([0x81, 0xfe, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, 0])
  return Buffer.concat([head, bytes])
}

const pong = frame('{"op":"pong"}')
const upgrade = [
  'GET /realtime HTTP/1.1',
  `Host: 127.0.0.1:${port}`,
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: parley.v1.json',
  '\r\n',
].join('\r\n')

/** Fulfilled when the server has answered the connect frame. */
function open(member: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // Addresses of their own for every few thousand, so that no port runs out.
    const localAddress = `127.0.1.${1 + Math.floor(member / 5_000)}`
    const socket: Socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    socket.write(upgrade)
    socket.write(frame(JSON.stringify({ op: 'connect', id: 1, token: tokenOf(`user-${member}`) })))
    socket.on('data', (data) => {
      const text = data.toString('latin1')
      if (text.includes('{"op":"ping"}')) socket.write(pong)
      if (text.includes('"op":"reply","id":1,"ok"')) resolve()
      else if (text.includes('"error"')) reject(new Error(text))
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`Connection ${member} was closed.`)))
  })
}

let next = 0
async function worker(): Promise<void> {
  for (let member = next++; member < count; member = next++) await open(member)
}
await Promise.all(Array.from({ length: atOnce }, worker))
process.send?.('open')
