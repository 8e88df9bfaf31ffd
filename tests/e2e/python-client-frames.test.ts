import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { EventsFrame } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkVectors, hasPython, PythonListener, parseLines } from './python-listener.ts'
import { ScriptedServer } from './scripted-server.ts'

const channel = 'chat:python'

let server: ScriptedServer
let python: PythonListener

beforeEach(async () => {
  server = await ScriptedServer.start()
  python = new PythonListener('token-of-py')
})

afterEach(async () => {
  await python.remove()
  server.stop()
})

function batch(prev: number, position: number, ...offsets: number[]): EventsFrame {
  const events = offsets.map((offset) => ({ type: 't', data: `event ${offset}`, offset }))
  return { op: 'events', channel, prev, position, at: 1_000, events }
}

const at = (offset: number, more: object = {}) => ({
  position: { epoch: 'e1', offset },
  head: offset,
  ...more,
})
const offsets = () => python.events().map((event) => event.offset)

describe.skipIf(!hasPython)('a client made from the document alone', () => {
  test('agrees with the test vectors', () => {
    expect(checkVectors()).toMatchObject({ status: 0, output: expect.stringContaining('OK') })
  })

  test('introduces itself and stores its position before any event has come', async () => {
    python.start(server.url, channel)
    const visit = await server.visit()
    const { id } = await visit.expect('connect').then((frame) => {
      expect(frame).toMatchObject({ token: 'token-of-py', versions: [1] })
      return frame
    })
    const times = { pingIntervalMs: 30_000, pingTimeoutMs: 5_000 }
    visit.send({ op: 'reply', id, ok: { version: 1, session: 's', secret: 'x', ...times } })
    expect(await visit.admit(at(7))).not.toHaveProperty('from')
    await python.reached(7)
    expect(python.position()).toEqual({ epoch: 'e1', offset: 7 })
  })

  test('fills in what the wire leaves out', async () => {
    python.start(server.url, channel)
    const visit = await server.visit()
    await visit.welcome()
    await visit.admit(at(5))
    const events = [
      { type: 'a', data: { text: 'ä😀' }, by: 'ann' },
      { type: 'b', data: null, at: 1_005, redacted: true as const },
      { type: 'c', data: 3, offset: 20, id: 'mine' },
    ]
    visit.send({ op: 'events', channel, prev: 5, position: 30, at: 1_000, events })
    await python.reached(30)
    expect(python.events()).toEqual([
      { id: 'e1-6', type: 'a', data: { text: 'ä😀' }, by: 'ann', offset: 6, at: 1_000 },
      { id: 'e1-7', type: 'b', data: null, redacted: true, offset: 7, at: 1_005 },
      { id: 'mine', type: 'c', data: 3, offset: 20, at: 1_005 },
    ])
  })

  test('takes what is new of a frame that it has seen in part, and asks again after a gap', async () => {
    python.start(server.url, channel)
    const first = await server.visit()
    await first.welcome()
    await first.admit(at(0))
    first.send(batch(0, 2, 1, 2), batch(0, 2, 1, 2), batch(1, 3, 2, 3), batch(3, 9), batch(10, 11, 11))
    const second = await server.visit()
    await second.welcome()
    const { from } = await second.admit(at(9, { recovered: true }))
    expect(from).toEqual({ epoch: 'e1', offset: 9 })
    second.send(batch(9, 11, 10, 11))
    await python.reached(11)
    expect(offsets()).toEqual([1, 2, 3, 10, 11])
  })

  test('answers pings of both kinds, and puts fragments and chunks together', async () => {
    python.start(server.url, channel)
    const visit = await server.visit()
    await visit.welcome()
    await visit.admit(at(0))
    visit.send({ op: 'ping' })
    await visit.expect('pong')
    visit.ping()
    await visit.ponged
    visit.sendInFragments(batch(0, 1, 1))
    const text = JSON.stringify(batch(1, 2, 2))
    visit.send({ op: 'chunk', of: 2, index: 0, data: text.slice(0, 20) })
    visit.send({ op: 'ping' }, { op: 'chunk', of: 2, index: 1, data: text.slice(20) })
    await python.reached(2)
    expect(offsets()).toEqual([1, 2])
  })

  test('ignores frames that a later server may send', async () => {
    python.start(server.url, channel)
    const visit = await server.visit()
    await visit.welcome()
    await visit.admit(at(0))
    visit.send({ op: 'hologram', colour: 7 } as never, batch(0, 1, 1))
    await python.reached(1)
    expect(offsets()).toEqual([1])
  })

  test('follows `dropped`, and comes back after `unsubscribed` with `resubscribe`', async () => {
    python.start(server.url, channel)
    const first = await server.visit()
    await first.welcome()
    await first.admit(at(0))
    first.send({ op: 'dropped', channel, from: 0, to: 4, reason: 'slow_consumer' }, batch(4, 5, 5))
    first.send({
      op: 'unsubscribed',
      channel,
      code: 'position_expired',
      message: 'Too slow.',
      resubscribe: true,
    })
    const second = await server.visit()
    await second.welcome()
    const { from } = await second.admit({ ...at(90), recovered: false, reason: 'position_expired' })
    expect(from).toEqual({ epoch: 'e1', offset: 5 })
    second.send(batch(90, 91, 91))
    await python.reached(91)
    expect(offsets()).toEqual([5, 91])
    await expect.poll(() => python.trouble).toContain('Not recovered: position_expired')
  })

  test.each([4200, 4201, 4100, 1001])('comes back after a close with %i', async (code) => {
    python.start(server.url, channel)
    const first = await server.visit()
    await first.welcome()
    await first.admit(at(3))
    first.close(code)
    const second = await server.visit()
    await second.welcome()
    expect((await second.admit(at(3, { recovered: true }))).from).toEqual({ epoch: 'e1', offset: 3 })
  })

  test('comes back after a connection that broke', async () => {
    python.start(server.url, channel)
    const first = await server.visit()
    await first.welcome()
    first.breakOff()
    const second = await server.visit()
    await second.welcome()
    await second.admit(at(0))
  })

  test('takes its verdict from the close, not from the error before it', async () => {
    python.start(server.url, channel)
    const first = await server.visit()
    await first.welcome()
    await first.admit(at(3))
    first.send({ op: 'error', error: { code: 'forbidden', message: 'Go elsewhere.', retryable: false } })
    first.close(4204)
    await (await server.visit()).welcome()
  })

  test('stops after a close that says so', async () => {
    python.start(server.url, channel)
    const visit = await server.visit()
    await visit.welcome()
    visit.close(4007)
    expect(await python.ended()).toBe(1)
    await expect.poll(() => python.trouble).toContain('4007')
  })

  test('stops where it is refused for good, by a reply or by HTTP', async () => {
    python.start(server.url, channel)
    const visit = await server.visit()
    await visit.welcome()
    const { id } = await visit.expect('subscribe')
    visit.send({ op: 'reply', id, error: { code: 'forbidden', message: 'No.', retryable: false } })
    expect(await python.ended()).toBe(1)
    await expect.poll(() => python.trouble).toContain('forbidden: No.')

    const http = createServer()
    http.on('upgrade', (_request, socket) => {
      const body = JSON.stringify({ code: 'not_found', message: 'No WebSocket here.', retryable: false })
      socket.end(
        `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      )
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    python.start(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/nowhere`, channel)
    expect(await python.ended()).toBe(1)
    await expect.poll(() => python.trouble).toContain('not_found: No WebSocket here.')
    http.close()
  })

  test('after a kill, forgets what it wrote behind its position', async () => {
    python.start(server.url, channel)
    const first = await server.visit()
    await first.welcome()
    await first.admit(at(0))
    first.send(batch(0, 2, 1, 2))
    await python.reached(2)
    await python.kill()
    python.interrupt('{"offset": 3, "half a l')
    python.start(server.url, channel)
    const second = await server.visit()
    await second.welcome()
    await second.admit(at(2, { recovered: true }))
    second.send(batch(2, 4, 3, 4))
    await python.reached(4)
    expect(offsets()).toEqual([1, 2, 3, 4])
  })

  test('prints events as lines, and after a kill no more than the last batch again', async () => {
    python.start(server.url, channel, 'to standard output')
    const first = await server.visit()
    await first.welcome()
    await first.admit(at(0))
    first.send(batch(0, 2, 1, 2), batch(2, 3, 3))
    await python.reached(3)
    await python.kill()
    expect(parseLines(python.printed).map((event) => event.offset)).toEqual([1, 2, 3])
    python.start(server.url, channel, 'to standard output')
    const second = await server.visit()
    await second.welcome()
    expect((await second.admit(at(3, { recovered: true }))).from).toEqual({ epoch: 'e1', offset: 3 })
  })

  test('publishes once more with the same key when it does not know', async () => {
    const published = python.publish(server.url, channel, { data: { text: 'hi' }, key: 'k-1' })
    const first = await server.visit()
    await first.welcome()
    const lost = await first.expect('call')
    first.breakOff()
    const second = await server.visit()
    await second.welcome()
    const again = await second.expect('call')
    expect(again).toMatchObject({
      command: 'channels.publish',
      key: 'k-1',
      input: { channel, data: { text: 'hi' } },
    })
    expect({ ...again, id: 0 }).toEqual({ ...lost, id: 0 })
    second.send({ op: 'reply', id: again.id, ok: { id: 'e1-8', epoch: 'e1', offset: 8 } })
    expect(await published).toEqual({ id: 'e1-8', epoch: 'e1', offset: 8 })
  })
})
