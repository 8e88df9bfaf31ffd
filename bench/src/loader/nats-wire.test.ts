import { expect, test } from 'vitest'
import type { Connection } from './connection.ts'
import { natsWire } from './nats-wire.ts'
import { stampedPayload } from './payload.ts'
import { Tally } from './tally.ts'

const message = `MSG room.crowd 1 128\r\n${stampedPayload()}\r\n`

test.each([
  ['messages', message.repeat(3), 3, 0],
  ['a ping', 'PING\r\n', 0, 1],
  ['a ping before messages', `PING\r\n${message.repeat(2)}`, 2, 1],
  ['a ping behind messages', `${message.repeat(2)}PING\r\n`, 2, 1],
])('counts what a frame with %s holds, and answers', (_, text, deliveries, pongs) => {
  const tally = new Tally()
  const sent: string[] = []
  const connection = { tally, send: (frame: string) => sent.push(frame) } as unknown as Connection
  const bytes = Buffer.from(text)
  natsWire.count(connection, { bytes, start: 0, length: bytes.length, end: bytes.length })
  expect(tally.deliveries).toBe(deliveries)
  expect(sent).toHaveLength(pongs)
})
