import { ParleyError } from '@parley/protocol'
import { describe, expect, test, vi } from 'vitest'
import { settle } from '../testing/manual-clock.ts'
import { connected, stage, welcome } from '../testing/scripted-server.ts'

describe('connecting', () => {
  test('nothing happens before connect(); the token travels in the connect frame, not in the URL', async () => {
    const { client, server, clock, network } = stage({ device: 'd1' })
    await settle()
    expect([server.ends.length, clock.pending, network.watchers]).toEqual([0, 0, 0])
    const ready = client.connect()
    expect(client.status).toBe('connecting')
    await settle()
    const connect = await server.last.accept()
    await ready
    expect(server.urls).toEqual(['wss://example.org/ws'])
    expect(connect).toEqual({
      op: 'connect',
      id: 1,
      versions: [1],
      token: 't0',
      client: { name: '@parley/client', device: 'd1' },
    })
    expect(client.connection).toEqual({
      status: 'connected',
      online: true,
      session: 's1',
      app: 'default',
      user: 'ada',
    })
  })

  test('connect() while connecting and when connected makes no second link', async () => {
    const { client, server } = stage()
    const both = Promise.all([client.connect(), client.connect()])
    await settle()
    await server.last.accept()
    await both
    await client.connect()
    expect(server.ends).toHaveLength(1)
  })

  test('a refusal for good rejects connect() and stops; connect() begins anew', async () => {
    const { client, server, clock } = stage()
    const ready = client.connect()
    await settle()
    await server.last.open()
    await server.last.refuse(server.last.next('connect').id, new ParleyError('forbidden'))
    await expect(ready).rejects.toMatchObject({ code: 'forbidden' })
    expect(client.connection).toMatchObject({ status: 'disconnected', error: { code: 'forbidden' } })
    await clock.advance(100_000)
    expect(server.ends).toHaveLength(1)
    void client.connect()
    await settle()
    expect(server.ends).toHaveLength(2)
    expect(client.connection).toEqual({ status: 'connecting', online: true })
  })

  test('a server that never answers is given up after 15 s', async () => {
    const { client, server, clock } = stage()
    void client.connect()
    await settle()
    await server.last.open()
    await clock.advance(15_000)
    expect(server.last.closedByClient).toBeDefined()
    await clock.advance(500)
    expect(server.ends).toHaveLength(2)
  })

  test.each([
    [undefined, 5],
    [2, 2],
    [0, 0],
  ])(
    'maxReconnectAttempts %s: after a failure and %i attempts more it gives up, until connect()',
    async (max, attempts) => {
      const { client, server, clock } = stage({ maxReconnectAttempts: max })
      const ready = client.connect()
      const called = client.call('echo.say', {})
      called.catch(() => undefined)
      for (let attempt = 0; attempt <= attempts; attempt++) {
        await settle()
        await server.last.close(1006)
        await clock.advance(10_000)
      }
      const given = { code: 'connection_failed', cause: { code: 'disconnected' } }
      await expect(ready).rejects.toMatchObject(given)
      await expect(called).rejects.toMatchObject(given)
      expect(client.connection).toMatchObject({ status: 'disconnected', error: given })
      expect([server.ends.length, clock.pending]).toEqual([attempts + 1, 0])
      const again = client.connect()
      await settle()
      await server.last.accept()
      await again
      expect(client.connection.error).toBeUndefined()
    },
  )

  test('a connection sets the count to 0; waits that the server asks for do not count', async () => {
    const { client, server, clock } = stage({ maxReconnectAttempts: 1 })
    void client.connect()
    for (let round = 0; round < 4; round++) {
      await settle()
      await server.last.close(1006)
      await clock.advance(10_000)
      await server.last.accept()
      await server.last.close(4207)
      await clock.advance(10_000)
      await server.last.accept()
    }
    await server.last.close(1006)
    const error = new ParleyError('overloaded', 'Full.', { retryAfterMs: 3_000 })
    for (let round = 0; round < 4; round++) {
      await clock.advance(13_000)
      await server.last.open()
      await server.last.refuse(server.last.next('connect').id, error)
    }
    expect(client.status).toBe('connecting')
    await clock.advance(13_000)
    await server.last.close(1006)
    expect(client.connection).toMatchObject({ status: 'disconnected', error: { code: 'connection_failed' } })
  })

  test('failures while it was offline or put aside are forgotten', async () => {
    const { client, server, clock, network } = stage({ maxReconnectAttempts: 1 })
    void client.connect()
    for (const hint of ['visible', 'online', 'visible', 'left'] as const) {
      await settle()
      await server.last.close(1006)
      await network.hint(hint)
    }
    await network.hint('offline')
    for (let attempt = 0; attempt < 5; attempt++) {
      await clock.advance(10_000)
      await server.last.close(1006)
    }
    await network.hint('online')
    await server.last.close(1006)
    expect(client.status).toBe('connecting')
    await clock.advance(10_000)
    await server.last.close(1006)
    expect(client.status).toBe('disconnected')
  })

  test('disconnect() releases every timer and listener', async () => {
    const { client, server, clock, network } = await connected({}, { expiresAt: welcome.time + 60_000 })
    client.disconnect()
    await settle()
    expect(server.last.closedByClient?.code).toBe(1000)
    expect([clock.pending, network.watchers, client.status]).toEqual([0, 0, 'disconnected'])
  })
})

describe('reconnecting', () => {
  test('pauses grow to the cap with full jitter, and resume names the session', async () => {
    const { client, server, clock } = await connected({ maxReconnectAttempts: Number.POSITIVE_INFINITY })
    const delays: number[] = []
    client.on('reconnecting', ({ delayMs }) => delays.push(delayMs))
    await clock.advance(6_000)
    clock.randoms.push(0.1, 0.9)
    await server.last.close(1006)
    for (let attempt = 0; attempt < 7; attempt++) {
      await clock.advance(delays.at(-1) ?? 0)
      await server.last.close(1006)
    }
    // 0.1 × 500, 0.9 × 1000, then 0.5 of 2, 4, 8, 16, 20, 20 s.
    expect(delays).toEqual([50, 900, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    await clock.advance(10_000)
    const connect = await server.last.accept()
    expect(connect.resume).toEqual({ session: 's1', secret: 'x1' })
  })

  test('a connection that does not last does not reset the pauses', async () => {
    const { client, server, clock } = await connected()
    const attempts: number[] = []
    client.on('reconnecting', ({ attempt }) => attempts.push(attempt))
    for (let count = 0; count < 3; count++) {
      await server.last.close(4207)
      await clock.advance(4_000)
      await server.last.accept()
    }
    expect(attempts).toEqual([1, 2, 3])
    await clock.advance(5_000)
    await server.last.close(4207)
    expect(attempts).toEqual([1, 2, 3, 1])
  })

  test.each([
    [4000, 'stop'],
    [4099, 'stop'],
    [4200, 'reconnect'],
    [4299, 'reconnect'],
    [1001, 'reconnect'],
    [1006, 'reconnect'],
  ])('close code %i: %s', async (code, verdict) => {
    const { client, server, clock } = await connected()
    const seen = vi.fn()
    client.on('disconnect', seen)
    await server.last.close(code, 'why')
    expect(seen).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code, willReconnect: verdict === 'reconnect' }),
    )
    await clock.advance(5_000)
    expect(server.ends).toHaveLength(verdict === 'reconnect' ? 2 : 1)
  })

  test('an error frame before the close says why, and for how long to stay away', async () => {
    const { client, server, clock } = await connected()
    const error = new ParleyError('overloaded', 'Full.', { retryAfterMs: 3_000 }).toBody()
    await server.last.send({ op: 'error', error })
    const seen = vi.fn()
    client.on('disconnect', seen)
    await server.last.close(4206)
    expect(seen.mock.calls[0]?.[0]).toMatchObject({ error: { code: 'overloaded' } })
    await clock.advance(3_000)
    expect(server.ends).toHaveLength(1)
    await clock.advance(500)
    expect(server.ends).toHaveLength(2)
  })

  test('goaway: moves after the delay and a random part of the spread, without a pause of its own', async () => {
    const { client, server, clock } = await connected()
    clock.randoms.push(0.25)
    await server.last.send({ op: 'goaway', retryAfterMs: 400, spreadMs: 2_000 })
    await clock.advance(899)
    expect([client.status, server.ends.length]).toEqual(['connected', 1])
    await clock.advance(1)
    expect(server.ends).toHaveLength(2)
    expect((await server.last.accept()).resume).toBeDefined()
  })

  test('goaway, then closed at once: the delay is kept', async () => {
    const { server, clock } = await connected()
    await server.last.send({ op: 'goaway', retryAfterMs: 1_000, spreadMs: 0 })
    await server.last.close(4201)
    await clock.advance(999)
    expect(server.ends).toHaveLength(1)
    await clock.advance(1)
    expect(server.ends).toHaveLength(2)
  })

  test('offline: failures wait for the network, and count for nothing', async () => {
    const { client, server, clock, network } = await connected()
    const attempts: number[] = []
    client.on('reconnecting', ({ attempt }) => attempts.push(attempt))
    await network.hint('offline')
    expect(client.connection.online).toBe(false)
    await clock.advance(5_000)
    // The probe was not answered: the link is dead.
    expect(client.status).toBe('connecting')
    await clock.advance(60_000)
    while (server.last.isOpen) await server.last.close()
    await network.hint('online')
    await server.last.accept()
    expect(client.connection).toMatchObject({ status: 'connected', online: true })
    expect(new Set(attempts)).toEqual(new Set([0]))
  })

  test('reconnect() drops the link and makes another at once', async () => {
    const { client, server } = await connected()
    const seen = vi.fn()
    client.on('disconnect', seen)
    client.reconnect()
    await settle()
    expect(server.ends).toHaveLength(2)
    expect(seen).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ willReconnect: true }))
    await server.last.accept()
    expect(client.status).toBe('connected')
  })
})

describe('heartbeat', () => {
  test('pings are answered; silence for interval, timeout and some grace is death', async () => {
    const { client, server, clock } = await connected()
    await server.last.send({ op: 'ping' })
    expect(server.last.next('pong')).toEqual({ op: 'pong' })
    await clock.advance(34_000)
    await server.last.send({ op: 'ping' })
    await clock.advance(39_999)
    expect(client.status).toBe('connected')
    await clock.advance(1)
    expect(client.status).toBe('connecting')
    expect(server.last.closedByClient).toBeDefined()
  })

  test('a page that becomes visible asks whether the link lives', async () => {
    const { client, server, clock, network } = await connected()
    await network.hint('visible')
    server.last.next('ping')
    await server.last.send({ op: 'pong' })
    await clock.advance(5_000)
    expect(client.status).toBe('connected')
    await network.hint('visible')
    await clock.advance(5_000)
    expect(client.status).toBe('connecting')
  })
})

describe('fewer pings', () => {
  const rarely = { heartbeat: { hiddenIntervalMs: 240_000 } }

  test('are asked for while nobody looks, and what the server gives is the silence that is borne', async () => {
    const { client, server, clock, network } = await connected(rarely)
    expect(server.last.all('ping')).toEqual([])
    await network.hint('hidden')
    expect(server.last.next('ping')).toEqual({ op: 'ping', pingIntervalMs: 240_000 })
    await server.last.send({ op: 'pong', pingIntervalMs: 120_000 })
    await clock.advance(129_999)
    expect(client.status).toBe('connected')
    await server.last.send({ op: 'ping' })
    await clock.advance(100_000)
    await network.hint('visible')
    expect(server.last.next('ping')).toEqual({ op: 'ping', pingIntervalMs: 0 })
    await server.last.send({ op: 'pong', pingIntervalMs: 30_000 })
    await clock.advance(39_999)
    expect(client.status).toBe('connected')
    await clock.advance(1)
    expect(client.status).toBe('connecting')
  })

  test('are asked for at connect, by a client that is made while nobody looks or that always wants them', async () => {
    const hidden = stage(rarely)
    hidden.network.isHidden = true
    const always = stage({ heartbeat: { intervalMs: 60_000 } })
    for (const [{ client, server }, wish] of [
      [hidden, 240_000],
      [always, 60_000],
    ] as const) {
      void client.connect()
      await settle()
      const { pingIntervalMs } = await server.last.accept({ pingIntervalMs: wish })
      expect([pingIntervalMs, server.last.all('ping')]).toEqual([wish, []])
    }
    await hidden.clock.advance(249_999)
    expect(hidden.client.status).toBe('connected')
    await hidden.clock.advance(1)
    expect(hidden.client.status).toBe('connecting')
  })

  test('what has changed while it connected is told afterwards', async () => {
    const { client, server, network } = stage(rarely)
    void client.connect()
    await settle()
    await server.last.open()
    await network.hint('hidden')
    await server.last.accept()
    expect(server.last.all('ping')).toEqual([{ op: 'ping', pingIntervalMs: 240_000 }])
  })

  test('a server that knows nothing of it pings as before, and silence is death as before', async () => {
    const { client, server, clock, network } = await connected(rarely)
    await network.hint('hidden')
    await server.last.send({ op: 'pong' })
    await clock.advance(39_999)
    expect(client.status).toBe('connected')
    await clock.advance(1)
    expect(client.status).toBe('connecting')
  })

  test('a connection that broke in a long silence makes it ask for half of that', async () => {
    const { server, clock, network } = await connected(rarely)
    await network.hint('hidden')
    await server.last.send({ op: 'pong', pingIntervalMs: 240_000 })
    await clock.advance(100_000)
    await server.last.close()
    await clock.advance(1_000)
    expect((await server.last.accept({ pingIntervalMs: 50_000 })).pingIntervalMs).toBe(50_000)
    // One that broke while there was talk says nothing of silence.
    await server.last.close()
    await clock.advance(1_000)
    expect((await server.last.accept()).pingIntervalMs).toBe(50_000)
  })

  test('are not asked for by a client that was not told to', async () => {
    const { server, network } = await connected()
    await network.hint('hidden')
    expect(server.last.all('ping')).toEqual([])
    await network.hint('visible')
    expect(server.last.all('ping')).toEqual([{ op: 'ping' }])
  })
})

test('a page that is left has no connection, and makes one when it is back', async () => {
  const { client, server, network } = await connected()
  client.subscribe('room:a')
  await settle()
  await server.last.admit()
  await network.hint('left')
  expect([client.status, server.last.closedByClient?.code]).toEqual(['connecting', 3000])
  await network.hint('visible')
  await server.last.accept({ resumed: true })
  expect([client.status, server.ends.length]).toEqual(['connected', 2])
  expect((await server.last.admit()).from).toEqual({ epoch: 'e1', offset: 0 })
})

describe('bad input', () => {
  test.each(['{', '{"op":"events","channel":"room:a"}', 'null', '{"op":"chunk","of":1,"index":3,"data":""}'])(
    'a message that is not of the protocol ends the connection or is left out: %s',
    async (text) => {
      const { client, server, clock } = await connected()
      client.on('error', () => undefined)
      client.subscribe('room:a')
      await settle()
      await server.last.admit()
      server.last.sendText(text)
      await clock.advance(1_000)
      expect(['connected', 'connecting']).toContain(client.status)
      if (server.ends.length > 1) await server.last.accept()
      expect(client.status).toBe('connected')
    },
  )

  test('frames with an unknown op and answers to nothing are left out', async () => {
    const { client, server } = await connected()
    server.last.sendText('{"op":"novelty"}\n{"op":"reply","id":99,"ok":1}')
    await settle()
    expect(client.status).toBe('connected')
  })
})
