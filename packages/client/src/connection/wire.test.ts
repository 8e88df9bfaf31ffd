import { encodeFrame, type ServerFrame, splitFrame } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { settle } from '../testing/manual-clock.ts'
import { connected } from '../testing/scripted-server.ts'
import { byteLength, Wire } from './wire.ts'

function wire() {
  const messages: string[] = []
  const made = new Wire({ bufferedBytes: 0, send: (text) => messages.push(text), close: () => undefined })
  return { made, messages }
}

describe('wire', () => {
  test('counts bytes as UTF-8 does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(byteLength(text)).toBe(new TextEncoder().encode(text).length)
      }),
    )
  })

  test('frames of one turn leave in one message, up to the limits of a message', async () => {
    const { made, messages } = wire()
    made.maxFrameBytes = 1_000
    for (let index = 0; index < 600; index++) made.send('{}')
    made.send('x'.repeat(999))
    made.send('y')
    await settle()
    expect(messages.map((message) => message.split('\n').length)).toEqual([256, 256, 88, 1, 1])
    expect(Math.max(...messages.map(byteLength))).toBeLessThanOrEqual(1_000)
  })

  test('a frame above the limit of the server leaves in chunks that it can put together', async () => {
    const { client, server } = await connected({}, { maxFrameBytes: 4_096 })
    const data = 'é😀"\\\n'.repeat(2_000)
    const done = client.channels.publish({ channel: 'room:a', data })
    await settle()
    for (const message of server.last.messages) expect(byteLength(message)).toBeLessThanOrEqual(4_096)
    const call = server.last.next('call')
    expect(call.input).toEqual({ channel: 'room:a', data })
    await server.last.ok(call.id, { offset: 1 })
    expect(await done).toEqual({ offset: 1 })
  })

  test('chunks of the server are put together, with other frames between them', () => {
    const { made } = wire()
    const frame: ServerFrame = { op: 'reply', id: 7, ok: { text: 'ü😀'.repeat(3_000) } }
    const chunks = splitFrame(encodeFrame(frame), 4_096)
    const taken: ServerFrame[] = []
    for (const chunk of chunks) made.receive(`${encodeFrame(chunk)}\n{"op":"ping"}`, (one) => taken.push(one))
    expect(chunks.length).toBeGreaterThan(1)
    expect(taken.filter(({ op }) => op === 'reply')).toEqual([frame])
    expect(taken.filter(({ op }) => op === 'ping')).toHaveLength(chunks.length)
  })
})
