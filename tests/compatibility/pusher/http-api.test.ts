import { createHash, createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from '../../e2e/running-server.ts'
import { backEnd, closeClients, collect, connect, enter, keys, settings } from './clients.ts'

let server: TestServer
let count = 0
const newName = (prefix = '') => `${prefix}api-${++count}`

beforeAll(async () => {
  server = await runningServer(settings)
})
afterEach(closeClients)
afterAll(() => server?.remove())

const api = () => backEnd(server.url)
const get = async (path: string, params = {}) => (await api().get({ path, params })).json()
const event = (more: object = {}) => ({ name: 'said', data: '{}', channels: [newName()], ...more })
const post = (body: object, path = '/events') => api().post({ path, body } as never)

/** Signs as the libraries do, with something about it otherwise. */
async function signed(
  change: Readonly<Record<string, string | undefined>>,
  { secret = keys.default.secret as string, body = JSON.stringify(event()), app = 'default' } = {},
): Promise<number> {
  const path = `/apps/${app}/events`
  const parameters: Record<string, string | undefined> = {
    auth_key: keys.default.id,
    auth_timestamp: String(Math.floor(Date.now() / 1000)),
    auth_version: '1.0',
    body_md5: createHash('md5').update(body).digest('hex'),
    ...change,
  }
  const query = Object.keys(parameters)
    .filter((name) => parameters[name] !== undefined)
    .sort()
    .map((name) => `${name}=${parameters[name]}`)
    .join('&')
  const signature = createHmac('sha256', secret).update(`POST\n${path}\n${query}`).digest('hex')
  const { status } = await fetch(`${server.url}${path}?${query}&auth_signature=${signature}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return status
}

describe('requests', () => {
  test('are taken with a signature that fits, and no other', async () => {
    const seconds = (off: number) => String(Math.floor(Date.now() / 1000) + off)
    expect(await signed({})).toBe(200)
    expect(await signed({}, { secret: 'another' })).toBe(401)
    expect(await signed({ auth_key: 'nobody' })).toBe(401)
    expect(await signed({ auth_key: keys.acme.id }, { secret: keys.acme.secret })).toBe(401)
    expect(await signed({}, { app: 'acme' })).toBe(401)
    expect(await signed({ auth_timestamp: seconds(-590) })).toBe(200)
    expect(await signed({ auth_timestamp: seconds(-610) })).toBe(401)
    expect(await signed({ auth_timestamp: seconds(610) })).toBe(401)
    expect(await signed({ auth_timestamp: undefined })).toBe(401)
    expect(await signed({ auth_version: '2.0' })).toBe(401)
    expect(await signed({ body_md5: undefined })).toBe(401)
    expect(await signed({ body_md5: 'x'.repeat(32) })).toBe(401)
    expect(await signed({}, { body: 'no JSON' })).toBe(400)
    expect(await signed({}, { body: '[]' })).toBe(400)
  })

  test('have limits, which are those of Pusher', async () => {
    const status = (error: { status: number }) => error.status
    expect((await post(event({ data: 'x'.repeat(10_240) }))).status).toBe(200)
    await expect(post(event({ data: 'x'.repeat(10_241) })).catch(status)).resolves.toBe(413)
    await expect(post(event({ data: {} })).catch(status)).resolves.toBe(400)
    await expect(post(event({ name: '' })).catch(status)).resolves.toBe(400)
    expect((await post(event({ name: 'x'.repeat(200) }))).status).toBe(200)
    await expect(post(event({ name: 'x'.repeat(201) })).catch(status)).resolves.toBe(400)
    await expect(post(event({ name: 'pusher:ping' })).catch(status)).resolves.toBe(400)
    await expect(post(event({ channels: [] })).catch(status)).resolves.toBe(400)
    await expect(post(event({ channels: ['no channel'] })).catch(status)).resolves.toBe(400)
    await expect(post(event({ socket_id: 'me' })).catch(status)).resolves.toBe(400)
    const channels = Array.from({ length: 101 }, (_, index) => `many-${index}`)
    expect((await post(event({ channels: channels.slice(0, 100) }))).status).toBe(200)
    await expect(post(event({ channels })).catch(status)).resolves.toBe(400)
    const two = ['private-encrypted-a', 'private-encrypted-b']
    await expect(post(event({ channels: two })).catch(status)).resolves.toBe(400)
    const batch = Array.from({ length: 11 }, () => ({ name: 'said', data: '', channel: newName() }))
    expect((await post({ batch: batch.slice(0, 10) }, '/batch_events')).status).toBe(200)
    await expect(post({ batch }, '/batch_events').catch(status)).resolves.toBe(400)
  })
})

describe('events', () => {
  test('go to many channels at once, and in batches', async () => {
    const names = [newName(), newName(), newName()]
    const client = connect(server.url)
    const heard = await Promise.all(names.map(async (name) => collect(await enter(client, name), 'said')))
    await api().trigger(names.slice(0, 2), 'said', 1)
    await api().triggerBatch([
      { channel: names[1] as string, name: 'said', data: 2 },
      { channel: names[2] as string, name: 'said', data: { three: 3 }, socket_id: '1.1' } as never,
      { channel: names[0] as string, name: 'said', data: 4, socket_id: client.connection.socket_id } as never,
    ])
    await expect.poll(() => heard).toEqual([[1], [1, 2], [{ three: 3 }]])
  })

  test('answer who hears them, when that is asked', async () => {
    const [open, presence] = [newName(), newName('presence-')]
    await enter(connect(server.url), open)
    for (const id of ['ada', 'ada', 'bob']) await enter(connect(server.url, { user: { id } }), presence)
    const info = 'user_count,subscription_count'
    const one = await api().trigger([open, presence], 'said', 1, { info })
    expect(await one.json()).toEqual({
      channels: { [open]: { subscription_count: 1 }, [presence]: { user_count: 2, subscription_count: 3 } },
    })
    const many = await post(
      { batch: [{ channel: open, name: 'x', data: '', info: 'subscription_count' }] },
      '/batch_events',
    )
    expect(await many.json()).toEqual({ batch: [{ subscription_count: 1 }] })
    expect(await (await api().trigger(open, 'said', 1)).json()).toEqual({})
  })
})

describe('questions', () => {
  test('which channels there are, and who is in them', async () => {
    const [open, presence] = [newName('asked-'), newName('presence-asked-')]
    const client = connect(server.url, { user: { id: 'ada', info: { name: 'Ada' } } })
    await enter(client, open)
    await enter(client, presence)
    expect(await get('/channels', { filter_by_prefix: 'asked-' })).toEqual({ channels: { [open]: {} } })
    expect((await get('/channels')).channels).toMatchObject({ [open]: {}, [presence]: {} })
    expect(await get('/channels', { filter_by_prefix: 'presence-', info: 'user_count' })).toEqual({
      channels: { [presence]: { user_count: 1 } },
    })
    expect(await get(`/channels/${presence}`, { info: 'user_count,subscription_count' })).toEqual({
      ...{ occupied: true, user_count: 1, subscription_count: 1 },
    })
    expect(await get(`/channels/${newName()}`)).toEqual({ occupied: false })
    expect(await get(`/channels/${presence}/users`)).toEqual({ users: [{ id: 'ada' }] })
    client.unsubscribe(open)
    await expect.poll(() => get(`/channels/${open}`)).toEqual({ occupied: false })
  })

  test('that make no sense are refused', async () => {
    const status = (error: { status: number }) => error.status
    await expect(get('/channels', { info: 'user_count' }).catch(status)).resolves.toBe(400)
    await expect(get('/channels/open', { info: 'user_count' }).catch(status)).resolves.toBe(400)
    await expect(get('/channels/open', { info: 'weather' }).catch(status)).resolves.toBe(400)
    await expect(get('/channels/open/users').catch(status)).resolves.toBe(400)
    await expect(get('/channels/a:b').catch(status)).resolves.toBe(400)
    await expect(get('/nothing').catch(status)).resolves.toBe(404)
  })

  test('are answered per app', async () => {
    const name = newName('apps-')
    await enter(connect(server.url, { key: keys.acme }), name)
    expect(await get('/channels', { filter_by_prefix: 'apps-' })).toEqual({ channels: {} })
    const theirs = await backEnd(server.url, keys.acme).get({ path: '/channels' })
    expect(await theirs.json()).toEqual({ channels: { [name]: {} } })
  })
})
