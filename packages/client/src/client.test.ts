import type { ChannelEvent } from '@parley/protocol'
import { describe, expect, test, vi } from 'vitest'
import { settle } from './testing/manual-clock.ts'
import { connected, stage, welcome } from './testing/scripted-server.ts'

describe('client', () => {
  test('modules are properties; the client is no thenable and no module of the language', async () => {
    const { client } = stage()
    expect(client.channels).toBe(client.channels)
    expect(Reflect.get(client, 'then')).toBeUndefined()
    expect(await Promise.resolve(client)).toBe(client)
    expect(Reflect.get(client.channels, 'then')).toBeUndefined()
    expect(() => JSON.stringify({ client })).not.toThrow()
  })

  test('on(): each event once over all channels, however many subscriptions took it; a handler is removed once', async () => {
    const { client, server } = await connected()
    const heard: unknown[] = []
    const off = client.on('note.added', (event: ChannelEvent) => heard.push(event.data))
    client.subscribe('room:a')
    client.subscribe('room:a')
    client.subscribe('room:b')
    await settle()
    await server.last.admit()
    await server.last.admit()
    const frame = { op: 'events' as const, prev: 0, position: 1, at: 1 }
    for (const channel of ['room:a', 'room:b', 'room:b'])
      await server.last.send({ ...frame, channel, events: [{ type: 'note.added', data: channel }] })
    expect(heard).toEqual(['room:a', 'room:b'])
    off()
    off()
    await server.last.send({
      ...frame,
      channel: 'room:a',
      prev: 1,
      position: 2,
      events: [{ type: 'note.added', data: 3 }],
    })
    expect(heard).toHaveLength(2)
  })

  test('a published event called `error` is no error of the client', async () => {
    const { client, server } = await connected()
    const errors = vi.fn()
    client.on('error', errors)
    client.subscribe('room:a')
    await settle()
    await server.last.admit()
    const events = [
      { type: 'error', data: 1 },
      { type: 'status', data: 1 },
    ]
    await server.last.send({ op: 'events', channel: 'room:a', prev: 0, position: 2, at: 1, events })
    expect(errors).not.toHaveBeenCalled()
  })

  test('status events: one for each change, with a snapshot that stays the same object until the next', async () => {
    const { client, server } = stage()
    const seen: string[] = []
    client.on('status', (status, connection) => {
      expect(connection).toBe(client.connection)
      seen.push(status)
    })
    void client.connect()
    await settle()
    await server.last.accept()
    const { connection } = client
    await server.last.send({ op: 'ping' })
    expect(client.connection).toBe(connection)
    client.disconnect()
    expect(seen).toEqual(['connecting', 'connected', 'disconnected'])
  })

  test('a subscription that the server made is told, heard, and restored after a reconnect', async () => {
    const { client, server, clock } = await connected()
    const subscribed = vi.fn()
    const unsubscribed = vi.fn()
    const heard = vi.fn()
    client.on('subscribed', subscribed)
    client.on('unsubscribed', unsubscribed)
    client.on('message', heard)
    const position = { epoch: 'e1', offset: 2 }
    await server.last.send({ op: 'subscribed', channel: 'user:ada', position, head: 2 })
    expect(subscribed).toHaveBeenCalledExactlyOnceWith({ channel: 'user:ada', position })
    await server.last.events('user:ada', 2, 'x')
    expect(heard).toHaveBeenCalledOnce()
    await server.last.close()
    await clock.advance(500)
    await server.last.accept()
    expect((await server.last.admit()).from?.offset).toBe(3)
    const end = { channel: 'user:ada', code: 'forbidden', message: 'Gone.' }
    await server.last.send({ op: 'unsubscribed', resubscribe: false, ...end })
    expect(unsubscribed).toHaveBeenCalledExactlyOnceWith(end)
  })

  test('without a handler for errors they go to `reportError`', async () => {
    const report = vi.fn()
    vi.stubGlobal('reportError', report)
    const { client, server } = await connected()
    client.on('status', () => {
      throw new Error('mine')
    })
    client.disconnect()
    expect(report).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'mine' }))
    expect(server.last.closedByClient?.code).toBe(1000)
    vi.unstubAllGlobals()
  })

  test('newId() is new each time; identity follows the connection', async () => {
    const { client } = await connected({}, { ...welcome, user: 'eve', app: 'shop' })
    expect(client.newId()).not.toBe(client.newId())
    expect(client.connection).toMatchObject({ user: 'eve', app: 'shop' })
  })
})
