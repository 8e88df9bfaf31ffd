import { createHmac } from 'node:crypto'
import { benchKey } from '../token.ts'
import type { Connection } from './connection.ts'
import { excerpt, type Wire } from './wire.ts'

const eventStart = '{"event":"'.length
const [c, p] = ['c', 'p'].map((letter) => letter.charCodeAt(0))
const sockets = new WeakMap<Connection, string>()

/** Key of the only app of a server of this wire. */
export const pusherKey = { app: 'default', id: 'bench', secret: benchKey }

/** Pusher Channels: private channels, in which clients may publish. */
export const pusherWire: Wire = {
  handshake: { path: `/app/${pusherKey.id}?protocol=7` },
  isPublisherSubscribed: true,

  count(connection, message) {
    const { bytes, start } = message
    const letter = bytes[start + eventStart]
    if (letter === c) connection.tally.deliveries += 1
    else if (letter === p && bytes.indexOf('pusher:ping', start) === start + eventStart)
      connection.send('{"event":"pusher:pong","data":{}}')
    else connection.tally.problem ??= excerpt(message)
    return true
  },

  async greet(connection) {
    await connection.next()
    const { data } = JSON.parse(await connection.next()) as { data: string }
    sockets.set(connection, (JSON.parse(data) as { socket_id: string }).socket_id)
  },

  async subscribe(connection, channel) {
    const name = nameOf(channel)
    const signature = createHmac('sha256', pusherKey.secret)
      .update(`${sockets.get(connection)}:${name}`)
      .digest('hex')
    const data = { channel: name, auth: `${pusherKey.id}:${signature}` }
    connection.send(JSON.stringify({ event: 'pusher:subscribe', data }))
    const answer = await connection.next()
    if (!answer.includes('subscription_succeeded')) throw new Error(answer)
  },

  publish(channel, data) {
    return `{"event":"client-message","channel":"${nameOf(channel)}","data":${data}}`
  },
}

function nameOf(channel: string): string {
  return `private-${channel.replace(':', '.')}`
}
