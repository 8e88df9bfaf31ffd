import { numberAt, type Wire } from './wire.ts'

const event = 'c'.charCodeAt(0)
const replyStart = '{"id":'.length

/** What the server of `peers/ws.ts` speaks: `{"channel":…,"data":…}` for an event, `{"id":…,"ok":true}` for a reply. */
export const wsWire: Wire = {
  handshake: { path: '/' },

  count(connection, { bytes, start }) {
    const { tally } = connection
    if (bytes[start + 2] === event) tally.deliveries += 1
    else {
      tally.acks += 1
      tally.acked?.(numberAt(bytes, start + replyStart))
    }
    return true
  },

  async greet(connection, token) {
    await connection.next()
    connection.send(JSON.stringify({ op: 'connect', id: 1, token }))
    await expectOk(connection.next())
  },

  async subscribe(connection, channel) {
    connection.send(`{"op":"subscribe","id":2,"channel":"${channel}"}`)
    await expectOk(connection.next())
  },

  publish(channel, data, { id, isWanted }) {
    return isWanted
      ? `{"op":"publish","id":${id},"channel":"${channel}","data":${data}}`
      : `{"op":"publish","channel":"${channel}","data":${data}}`
  },
}

async function expectOk(answer: Promise<string>): Promise<void> {
  const text = await answer
  if (!text.endsWith('"ok":true}')) throw new Error(text)
}
