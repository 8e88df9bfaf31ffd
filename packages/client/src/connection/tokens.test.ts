import { ParleyError } from '@parley/protocol'
import { describe, expect, test, vi } from 'vitest'
import { settle } from '../testing/manual-clock.ts'
import { connected, stage, welcome } from '../testing/scripted-server.ts'

const now = welcome.time
/** No pings come in these tests. */
const pingIntervalMs = 10_000_000

describe('tokens', () => {
  test('getToken is asked for each connection, one question at a time', async () => {
    const asked: string[] = []
    let answer: (token: string) => void = () => undefined
    const getToken = ({ reason }: { reason: string }) => {
      asked.push(reason)
      return new Promise<string>((resolve) => {
        answer = resolve
      })
    }
    const { client, server } = stage({ getToken, token: undefined })
    void client.connect()
    client.reconnect()
    client.reconnect()
    await settle()
    expect([asked, server.ends.length]).toEqual([['connect'], 0])
    answer('t1')
    await settle()
    expect((await server.last.accept()).token).toBe('t1')
    client.reconnect()
    await settle()
    answer('t2')
    await settle()
    expect((await server.last.accept()).token).toBe('t2')
    expect(asked).toEqual(['connect', 'connect'])
  })

  test('a token is renewed before it expires, without disconnecting, again and again', async () => {
    let count = 0
    const asked: string[] = []
    const getToken = ({ reason }: { readonly reason: string }) => {
      asked.push(reason)
      return `t${count++}`
    }
    const { client, server, clock } = await connected(
      { getToken },
      { pingIntervalMs, expiresAt: now + 100_000 },
    )
    // A fifth of the lifetime is left, and half of that again by chance.
    await clock.advance(69_999)
    expect(server.last.all('refresh')).toEqual([])
    await clock.advance(1)
    const refresh = server.last.next('refresh')
    expect(refresh.token).toBe('t1')
    await server.last.ok(refresh.id, { expiresAt: now + 200_000 })
    await clock.advance(130_000)
    expect(server.last.next('refresh').token).toBe('t2')
    expect([client.status, server.ends.length]).toEqual(['connected', 1])
    expect(asked).toEqual(['connect', 'expiring', 'expiring'])
  })

  test('expiry counts by the clock of the server', async () => {
    const { server, clock } = await connected(
      { getToken: () => 't' },
      { pingIntervalMs, time: now + 999_999, expiresAt: now + 1_099_999 },
    )
    await clock.advance(69_999)
    expect(server.last.all('refresh')).toHaveLength(0)
    await clock.advance(1)
    expect(server.last.all('refresh')).toHaveLength(1)
  })

  test('`expiring` from the server, refresh() and an overlap lead to one renewal', async () => {
    const getToken = vi.fn(async () => 't')
    const { client, server } = await connected({ getToken })
    const done = Promise.all([client.refresh(), client.refresh()])
    await server.last.send({ op: 'expiring', inMs: 20_000 })
    const refresh = server.last.next('refresh')
    expect([getToken.mock.calls.length, server.last.all('refresh').length]).toEqual([2, 0])
    await server.last.ok(refresh.id, {})
    await done
  })

  test('refresh(token) gives a token of the caller; a refusal is thrown', async () => {
    const { client, server } = await connected()
    const done = expect(client.refresh('other')).rejects.toMatchObject({ code: 'forbidden' })
    await settle()
    const refresh = server.last.next('refresh')
    expect(refresh.token).toBe('other')
    await server.last.refuse(refresh.id, new ParleyError('forbidden'))
    await done
    client.reconnect()
    await settle()
    await server.last.open()
    expect(server.last.next('connect').token).toBe('other')
  })

  test('a renewal that fails is reported and tried again while the connection lasts', async () => {
    const errors: string[] = []
    let isBroken = false
    const getToken = async () => {
      if (isBroken) throw new Error('no route')
      return 't'
    }
    const { client, server, clock } = await connected(
      { getToken },
      { pingIntervalMs, expiresAt: now + 100_000 },
    )
    client.on('error', ({ message }) => errors.push(message))
    isBroken = true
    await clock.advance(71_000)
    expect(errors.length).toBeGreaterThan(0)
    isBroken = false
    await clock.advance(5_000)
    expect(server.last.all('refresh')).toHaveLength(1)
  })

  test('close code 41xx: a new token is asked for as `refused`, then the client resumes', async () => {
    const asked: string[] = []
    const { server } = await connected({
      getToken: ({ reason }) => {
        asked.push(reason)
        return reason
      },
    })
    await server.last.close(4100, 'token_expired')
    expect(asked).toEqual(['connect', 'refused'])
    const connect = await server.last.accept()
    expect(connect).toMatchObject({ token: 'refused', resume: { session: 's1' } })
  })

  test('close code 41xx without getToken stops: the same token would be refused again', async () => {
    const { client, server, clock } = await connected()
    await server.last.close(4100, 'token_expired')
    await clock.advance(60_000)
    expect([server.ends.length, client.connection.error?.code]).toEqual([1, 'token_expired'])
  })

  test('getToken that fails is tried again; one that says "never" stops', async () => {
    let attempts = 0
    const { client, server, clock } = stage({
      token: undefined,
      getToken: () => {
        attempts += 1
        if (attempts < 3) throw new Error('no route')
        return 't'
      },
    })
    client.on('error', () => undefined)
    void client.connect()
    await clock.advance(2_000)
    expect([attempts, server.ends.length]).toEqual([3, 1])

    const other = stage({ getToken: () => Promise.reject(new ParleyError('unauthenticated', 'Signed out.')) })
    other.client.on('error', () => undefined)
    await expect(other.client.connect()).rejects.toMatchObject({
      code: 'unauthenticated',
      message: 'Signed out.',
    })
    const empty = stage({ getToken: () => '' })
    empty.client.on('error', () => undefined)
    await expect(empty.client.connect()).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('getToken that never answers counts as failed after 20 s', async () => {
    const { client, clock } = stage({ getToken: () => new Promise<string>(() => undefined) })
    const codes: string[] = []
    client.on('error', ({ code }) => codes.push(code))
    void client.connect()
    await clock.advance(20_000)
    expect(codes).toEqual(['timeout'])
  })
})
