import type { Connection, Message } from './connection.ts'
import { digitsEnd, excerpt, numberAt, type Wire } from './wire.ts'

const replyStart = '{"op":"reply","id":'.length
const channelStart = '{"op":"events","channel":"'.length
const prevGap = '","prev":'.length
const positionGap = ',"position":'.length
const quote = 0x22
const lineFeed = 0x0a
const letter = (text: string): number => text.charCodeAt(0)
const [e, i, k, p, r, v] = ['e', 'i', 'k', 'p', 'r', 'v'].map(letter)

interface Reply {
  readonly op: string
  readonly ok?: { readonly position?: { readonly offset: number } }
  readonly error?: { readonly code: string; readonly message: string }
}

/** The protocol of this repository. Every batch is checked to begin where the one before ended. */
export const parleyWire: Wire = {
  handshake: { path: '/realtime', protocol: 'parley.v1.json' },

  count(connection, message) {
    const { bytes, start, length, end } = message
    if (bytes[start + 7] === e && bytes[start + 8] === v) {
      countEvents(connection, bytes, start)
      return true
    }
    if (start + length > end) return false
    countControl(connection, message)
    return true
  },

  async greet(connection, token) {
    await connection.next()
    connection.send(JSON.stringify({ op: 'connect', id: 1, token }))
    await reply(connection)
  },

  async subscribe(connection, channel) {
    connection.send(`{"op":"subscribe","id":2,"channel":"${channel}"}`)
    const { ok } = await reply(connection)
    connection.standings.push({ nameLength: channel.length, offset: ok?.position?.offset ?? 0 })
  },

  publish(channel, data, { id }) {
    return `{"op":"call","id":${id},"command":"channels.publish","input":{"channel":"${channel}","type":"message","data":${data}}}`
  },
}

/** The next reply; what else comes meanwhile is left out. */
export async function reply(connection: Connection): Promise<Reply> {
  for (;;) {
    for (const line of (await connection.next()).split('\n')) {
      const frame = JSON.parse(line) as Reply
      if (frame.op === 'ping') connection.send('{"op":"pong"}')
      if (frame.error !== undefined) throw new Error(`${frame.error.code}: ${frame.error.message}`)
      if (frame.op === 'reply') return frame
    }
  }
}

function countEvents(connection: Connection, bytes: Buffer, start: number): void {
  const nameStart = start + channelStart
  let at = nameStart
  while (bytes[at] !== quote) at += 1
  const nameLength = at - nameStart
  at += prevGap
  const prev = numberAt(bytes, at)
  const position = numberAt(bytes, digitsEnd(bytes, at) + positionGap)
  connection.tally.deliveries += position - prev
  for (const standing of connection.standings) {
    if (standing.nameLength !== nameLength) continue
    if (standing.offset !== prev) connection.tally.gaps += 1
    standing.offset = position
  }
}

/** Replies and heartbeats, one a line. */
function countControl(connection: Connection, message: Message): void {
  const { bytes, start, length } = message
  for (let at = start; at < start + length; ) {
    const first = bytes[at + 7]
    if (first === r) countReply(connection, bytes, at)
    else if (first !== p) connection.tally.problem ??= excerpt(message)
    else if (bytes[at + 8] === i) connection.send('{"op":"pong"}')
    const feed = bytes.indexOf(lineFeed, at)
    at = feed < 0 ? start + length : feed + 1
  }
}

function countReply(connection: Connection, bytes: Buffer, at: number): void {
  const { tally } = connection
  const id = numberAt(bytes, at + replyStart)
  const verdict = digitsEnd(bytes, at + replyStart) + 3
  if (bytes[verdict] === k) {
    tally.acks += 1
    tally.acked?.(id)
  } else tally.refuse(bytes.toString('utf8', at, at + 300))
}
