import { payloadBytes } from './payload.ts'
import { excerpt, type Wire } from './wire.ts'

/** Subject of a channel: NATS separates by dots. */
const subjectOf = (channel: string): string => channel.replace(':', '.')

const ping = 'PING\r\n'
const letterM = 'M'.charCodeAt(0)
const letterP = 'P'.charCodeAt(0)

/**
 * NATS over WebSocket. A frame holds any number of messages of one length, so bytes are counted in place of messages;
 * a ping may stand before or behind them. NATS has no ack for a publish.
 */
export const natsWire: Wire = {
  handshake: { path: '/' },
  binary: true,

  count(connection, message) {
    const { bytes, start, length } = message
    const first = bytes[start]
    const begins = first === letterP ? start + ping.length : start
    const rest = start + length - begins
    const size = rest > 0 ? messageBytes(bytes, begins) : 1
    const endsWithPing = rest % size === ping.length
    if (first === letterP || endsWithPing) connection.send('PONG\r\n')
    if (first !== letterP && first !== letterM) connection.tally.problem ??= excerpt(message)
    else connection.tally.deliveries += (endsWithPing ? rest - ping.length : rest) / size
    return true
  },

  async greet(connection) {
    await connection.next()
    await connection.next()
    connection.send('CONNECT {"verbose":false,"pedantic":false,"echo":true}\r\nPING\r\n')
    const answer = await connection.next()
    if (!answer.startsWith('PONG')) throw new Error(answer)
  },

  async subscribe(connection, channel) {
    connection.send(`SUB ${subjectOf(channel)} 1\r\nPING\r\n`)
    const answer = await connection.next()
    if (!answer.startsWith('PONG')) throw new Error(answer)
  },

  publish(channel, data) {
    return `PUB ${subjectOf(channel)} ${payloadBytes}\r\n${data}\r\n`
  },
}

/** `MSG <subject> <sid> <size>\r\n<payload>\r\n` */
function messageBytes(bytes: Buffer, start: number): number {
  return bytes.indexOf('\r\n', start) - start + 2 + payloadBytes + 2
}
