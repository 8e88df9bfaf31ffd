import { excerpt, numberAt, type Wire } from './wire.ts'

const packet = 0x34
const event = 0x32
const ack = 0x33

/** Socket.IO over Engine.IO 4, WebSocket only. */
export const socketIoWire: Wire = {
  handshake: { path: '/socket.io/?EIO=4&transport=websocket' },

  count(connection, message) {
    const { tally } = connection
    const { bytes, start, length } = message
    if (length === 1) connection.send('3')
    else if (bytes[start] === packet && bytes[start + 1] === event) tally.deliveries += 1
    else if (bytes[start] === packet && bytes[start + 1] === ack) {
      tally.acks += 1
      tally.acked?.(numberAt(bytes, start + 2))
    } else tally.problem ??= excerpt(message)
    return true
  },

  async greet(connection, token) {
    await connection.next()
    await connection.next()
    connection.send(`40${JSON.stringify({ token })}`)
    const answer = await connection.next()
    if (!answer.startsWith('40')) throw new Error(answer)
  },

  async subscribe(connection, channel) {
    connection.send(`420["subscribe","${channel}"]`)
    const answer = await connection.next()
    if (!answer.startsWith('430')) throw new Error(answer)
  },

  publish(channel, data, { id, isWanted }) {
    return `42${isWanted ? id : ''}["publish","${channel}",${data}]`
  },
}
