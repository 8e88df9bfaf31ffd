import { createClient } from '@parley/client'
import { io } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runningServer, type TestServer } from '../../e2e/running-server.ts'
import {
  backEnd,
  breakConnection,
  closeClients,
  collect,
  connect,
  connected,
  enter,
  keys,
  next,
  type PresenceChannel,
  settings,
  signIn,
} from './clients.ts'

let server: TestServer
let count = 0
const newName = (prefix = '') => `${prefix}room-${++count}`

beforeAll(async () => {
  server = await runningServer({ ...settings, pusher: { subscriptionCount: false } })
})
afterEach(closeClients)
afterAll(() => server?.remove())

const publish = (name: string, event: string, data: unknown, more = {}) =>
  backEnd(server.url).trigger(name, event, data, more)

describe('connections', () => {
  test('are told who they are', async () => {
    const client = connect(server.url)
    await connected(client)
    expect(client.connection.socket_id).toMatch(/^\d+\.\d+$/)
  })

  test('of a key that nobody has are refused for good', async () => {
    const client = connect(server.url, { key: { ...keys.default, id: 'nobody' } })
    const gone = next(client.connection, 'disconnected')
    const error = await next(client.connection, 'error')
    expect(error).toMatchObject({ error: { data: { code: 4001 } } })
    await gone
    expect(client.connection.socket_id).toBeFalsy()
  })

  test.each([
    ['', 4008],
    ['?protocol=3', 4007],
    ['?protocol=99', 4007],
    ['?protocol=x', 4008],
  ])('say which protocol they speak: %s is %i', async (query, code) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/app/${keys.default.id}${query}`)
    const messages: string[] = []
    socket.addEventListener('message', ({ data }) => messages.push(data))
    const closed = await new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    expect(closed.code).toBe(code)
    expect(JSON.parse(messages[0] ?? '{}')).toMatchObject({ event: 'pusher:error' })
  })

  test('are asked and answer whether they are there', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/app/${keys.default.id}?protocol=7`)
    const messages: { event: string; data: unknown }[] = []
    socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(data)))
    socket.addEventListener('open', () => {
      socket.send('{"event":"pusher:ping","data":{}}')
      socket.send('no JSON')
      socket.send('{"event":"sing","data":{}}')
      socket.send('{"event":"pusher:subscribe","data":"{\\"channel\\":\\"as-text\\"}"}')
    })
    await expect
      .poll(() => messages.map(({ event }) => event).sort())
      .toEqual([
        'pusher:connection_established',
        'pusher:error',
        'pusher:error',
        'pusher:pong',
        'pusher_internal:subscription_succeeded',
      ])
    const established = messages.find(({ event }) => event === 'pusher:connection_established')
    expect(JSON.parse(String(established?.data))).toMatchObject({ activity_timeout: 120 })
    socket.close()
  })
})

describe('public channels', () => {
  test('bring what a back end publishes, in order, until they are left', async () => {
    const client = connect(server.url)
    const name = newName()
    const channel = await enter(client, name)
    const heard = collect(channel, 'said')
    for (let index = 0; index < 20; index++) await publish(name, 'said', { index })
    await expect.poll(() => heard).toEqual(Array.from({ length: 20 }, (_, index) => ({ index })))
    client.unsubscribe(name)
    await enter(client, newName())
    await publish(name, 'said', { index: 99 })
    await enter(client, newName())
    expect(heard).toHaveLength(20)
  })

  test('pass data on to the letter', async () => {
    const client = connect(server.url)
    const name = newName()
    const texts = ['plain', '5', '{"a": 1}', '[1,2]', '""', 'null', '12345678901234567890', '{"__proto__":1}']
    const raw: string[] = []
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/app/${keys.default.id}?protocol=7`)
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(data) as { event: string; data: string }
      if (message.event === 'said') raw.push(message.data)
    })
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    socket.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: name } }))
    await enter(client, newName())
    await expect
      .poll(async () => {
        const told = await backEnd(server.url).get({ path: `/channels/${name}` })
        return ((await told.json()) as { occupied: boolean }).occupied
      })
      .toBe(true)
    for (const text of texts) await publish(name, 'said', text)
    await expect.poll(() => raw).toEqual(texts)
    socket.close()
  })

  test('leave a socket out that is named', async () => {
    const [ada, bob] = [connect(server.url), connect(server.url)]
    const name = newName()
    const heard = [collect(await enter(ada, name), 'said'), collect(await enter(bob, name), 'said')]
    await publish(name, 'said', 1, { socket_id: ada.connection.socket_id })
    await publish(name, 'said', 2)
    await expect.poll(() => heard).toEqual([[2], [1, 2]])
  })

  test('that nobody may name are refused', async () => {
    const client = connect(server.url)
    await expect(enter(client, 'no:such')).rejects.toMatchObject({ data: { status: 400 } })
    await expect(enter(client, 'x'.repeat(165))).rejects.toMatchObject({ data: { status: 400 } })
    await enter(client, 'x'.repeat(164))
  })
})

describe('private channels', () => {
  test('let in whom the back end has signed for, and nobody else', async () => {
    const name = newName('private-')
    const channel = await enter(connect(server.url), name)
    const heard = collect(channel, 'said')
    await publish(name, 'said', 'hello')
    await expect.poll(() => heard).toEqual(['hello'])
    const auth = backEnd(server.url).authorizeChannel('1.1', name)
    const forged = connect(server.url, {
      options: { channelAuthorization: customAuthorization(() => auth) },
    })
    await expect(enter(forged, name)).rejects.toMatchObject({ data: { status: 401, type: 'AuthError' } })
    const foreign = connect(server.url, {
      options: {
        channelAuthorization: customAuthorization((socketId) =>
          backEnd(server.url, keys.acme).authorizeChannel(socketId, name),
        ),
      },
    })
    await expect(enter(foreign, name)).rejects.toMatchObject({ data: { status: 401 } })
  })

  test('carry events of clients to all others, up to ten a second', async () => {
    const [ada, bob] = [connect(server.url), connect(server.url)]
    const name = newName('private-')
    const from = await enter(ada, name)
    const own = collect(from, 'client-typing')
    const heard = collect(await enter(bob, name), 'client-typing')
    const errors = collect(ada.connection, 'error')
    const sent = Array.from({ length: 200 }, (_, index) => ({ index }))
    for (const data of sent) from.trigger('client-typing', data)
    await expect.poll(() => heard.length + errors.length).toBe(sent.length)
    expect(heard.slice(0, 10)).toEqual(sent.slice(0, 10))
    expect(errors[0]).toMatchObject({ data: { code: 4301 } })
    expect(own).toEqual([])
  })

  test('only they, and those with members, take events of clients', async () => {
    const client = connect(server.url)
    const errors = collect(client.connection, 'error')
    const open = await enter(client, newName())
    open.trigger('client-x', {})
    await expect.poll(() => errors).toHaveLength(1)
    client.send_event('client-x', {}, newName('private-'))
    await expect.poll(() => errors).toHaveLength(2)
    const secret = newName('private-encrypted-')
    await enter(client, secret)
    client.send_event('client-x', {}, secret)
    await expect.poll(() => errors).toHaveLength(3)
    client.send_event('client-x', 'x'.repeat(10_241), (await enter(client, newName('private-'))).name)
    await expect.poll(() => errors).toHaveLength(4)
  })

  test('may be encrypted from end to end', async () => {
    const client = connect(server.url)
    const name = newName('private-encrypted-')
    const heard = collect(await enter(client, name), 'said')
    await publish(name, 'said', { secret: 'word' })
    await expect.poll(() => heard).toEqual([{ secret: 'word' }])
    const parley = createClient({ url: server.url, token: await signIn(server, 'Eve') })
    await parley.connect()
    const passing: unknown[] = []
    parley.subscribe(`pusher:${name}`, { recent: 10, onEvent: ({ data }) => void passing.push(data) })
    await expect.poll(() => passing).toEqual([{ nonce: expect.any(String), ciphertext: expect.any(String) }])
    parley.disconnect()
  })
})

function customAuthorization(answer: (socketId: string) => object) {
  return {
    endpoint: '',
    transport: 'ajax' as const,
    customHandler: ({ socketId }: { socketId: string }, callback: (error: null, data: never) => void) =>
      callback(null, answer(socketId) as never),
  }
}

describe('presence channels', () => {
  const person = (id: string) => connect(server.url, { user: { id, info: { name: id.toUpperCase() } } })
  const membersOf = (channel: PresenceChannel) => Object.keys(channel.members.members).sort()

  test('tell who is there, and who comes and goes, by user', async () => {
    const name = newName('presence-')
    const ada = await enter<PresenceChannel>(person('ada'), name)
    expect(ada.members.me).toEqual({ id: 'ada', info: { name: 'ADA' } })
    const [added, removed] = [collect(ada, 'pusher:member_added'), collect(ada, 'pusher:member_removed')]
    const bob = person('bob')
    const there = await enter<PresenceChannel>(bob, name)
    expect(there.members.count).toBe(2)
    expect(membersOf(there)).toEqual(['ada', 'bob'])
    await expect.poll(() => added).toEqual([{ id: 'bob', info: { name: 'BOB' } }])
    const again = person('bob')
    await enter(again, name)
    const carl = person('carl')
    await enter(carl, name)
    await expect.poll(() => added).toHaveLength(2)
    again.unsubscribe(name)
    carl.unsubscribe(name)
    await expect.poll(() => removed).toMatchObject([{ id: 'carl' }])
    bob.disconnect()
    await expect.poll(() => removed).toMatchObject([{ id: 'carl' }, { id: 'bob' }])
    expect(membersOf(ada)).toEqual(['ada'])
  })

  test('say who sent an event', async () => {
    const name = newName('presence-')
    const ada = await enter(person('ada'), name)
    const heard: unknown[] = []
    const bob = await enter(person('bob'), name)
    bob.bind('client-wave', (data: unknown, metadata: unknown) => heard.push([data, metadata]))
    ada.trigger('client-wave', { to: 'bob' })
    await expect.poll(() => heard).toEqual([[{ to: 'bob' }, { user_id: 'ada' }]])
  })

  test('take a user who has signed in without more words', async () => {
    const name = newName('presence-')
    const client = connect(server.url, {
      user: { id: 'ada', info: { name: 'Ada' } },
      options: {
        channelAuthorization: customAuthorization((socketId) =>
          backEnd(server.url).authorizeChannel(socketId, name),
        ),
      },
    })
    client.signin()
    await next(client.connection, 'connected')
    const channel = await enter<PresenceChannel>(client, name)
    expect(channel.members.me).toEqual({ id: 'ada', info: { name: 'Ada' } })
  })

  test('have members from Parley too', async () => {
    const name = newName('presence-')
    const ada = await enter<PresenceChannel>(person('ada'), name)
    const [added, removed] = [collect(ada, 'pusher:member_added'), collect(ada, 'pusher:member_removed')]
    const parley = createClient({ url: server.url, token: await signIn(server, 'Grace') })
    await parley.connect()
    const subscription = parley.subscribe(`pusher-presence:${name}`)
    await expect.poll(() => added).toMatchObject([{ info: { name: 'Grace' } }])
    subscription.unsubscribe()
    await expect.poll(() => removed).toHaveLength(1)
    parley.disconnect()
  })

  test('a dropped connection that is back at once has not left', async () => {
    const name = newName('presence-')
    const ada = await enter<PresenceChannel>(person('ada'), name)
    const bob = person('bob')
    await enter(bob, name)
    const removed = collect(ada, 'pusher:member_removed')
    for (let round = 0; round < 2; round++) {
      const channel = bob.channel(name) as PresenceChannel
      const back = next(channel, 'pusher:subscription_succeeded')
      breakConnection(bob)
      await back
    }
    await enter(person('carl'), name)
    await expect.poll(() => membersOf(ada)).toEqual(['ada', 'bob', 'carl'])
    expect(removed).toEqual([])
  })
})

describe('cache channels', () => {
  test('tell their newest event to whoever comes, or that there is none', async () => {
    const name = newName('cache-')
    const first = connect(server.url).subscribe(name)
    await next(first, 'pusher:cache_miss')
    await publish(name, 'price', 1)
    await publish(name, 'price', 2)
    const client = connect(server.url)
    const channel = client.subscribe(name)
    const heard = collect(channel, 'price')
    await next(channel, 'pusher:subscription_succeeded')
    await publish(name, 'price', 3)
    await expect.poll(() => heard).toEqual([2, 3])
  })

  test('are asked over HTTP for what they remember', async () => {
    const name = newName('cache-')
    const ask = async () =>
      (await backEnd(server.url).get({ path: `/channels/${name}`, params: { info: 'cache' } })).json()
    expect(await ask()).toEqual({ occupied: false })
    await publish(name, 'price', { euros: 1 })
    await publish(name, 'price', { euros: 2 })
    expect(await ask()).toEqual({
      occupied: false,
      cache: { event: 'price', data: '{"euros":2}', ttl: expect.any(Number) },
    })
    const other = backEnd(server.url).get({ path: `/channels/${newName()}`, params: { info: 'cache' } })
    await expect(other).rejects.toMatchObject({ status: 400 })
  })

  test('may be private; events of clients are not kept', async () => {
    const name = newName('private-cache-')
    const client = connect(server.url)
    const channel = await enter(client, name)
    await publish(name, 'price', 1)
    channel.trigger('client-note', {})
    const other = connect(server.url).subscribe(name)
    const heard = collect(other, 'price')
    await expect.poll(() => heard).toEqual([1])
  })
})

describe('users', () => {
  test('sign in, are told what is for them, and are thrown out', async () => {
    const client = connect(server.url, { user: { id: 'user:7', info: { name: 'Seven' } } })
    const heard = collect(client.user, 'notice')
    client.signin()
    await next(client.connection, 'connected')
    await client.user.signinDonePromise
    const other = connect(server.url)
    await connected(other)
    await backEnd(server.url).sendToUser('user:7', 'notice', { text: 'for you' })
    await expect.poll(() => heard).toEqual([{ text: 'for you' }])
    const gone = next(client.connection, 'error')
    await backEnd(server.url).terminateUserConnections('user:7')
    expect(await gone).toMatchObject({ data: { code: 4009 } })
    expect(other.connection.state).toBe('connected')
  })

  test('are not believed without a signature of the app', async () => {
    const client = connect(server.url, {
      options: {
        userAuthentication: customAuthorization(() =>
          backEnd(server.url).authenticateUser('1.1', { id: 'admin' }),
        ),
      },
    })
    const error = next(client.connection, 'error')
    client.signin()
    expect(await error).toMatchObject({ data: { code: 4009 } })
  })

  test('are watched by those who know them', async () => {
    const person = (id: string, watchlist: readonly string[] = []) => {
      const client = connect(server.url, { user: { id, watchlist } })
      client.signin()
      return client
    }
    const early = person('early')
    await connected(early)
    await early.user.signinDonePromise
    const watcher = person('watcher', ['early', 'late', 'never'])
    const online = collect(watcher.user.watchlist, 'online')
    const offline = collect(watcher.user.watchlist, 'offline')
    await expect.poll(() => online).toEqual([{ name: 'online', user_ids: ['early'] }])
    const late = person('late')
    await expect.poll(() => online).toHaveLength(2)
    expect(online[1]).toEqual({ name: 'online', user_ids: ['late'] })
    late.disconnect()
    await expect.poll(() => offline).toEqual([{ name: 'offline', user_ids: ['late'] }])
  })
})

describe('channels are shared', () => {
  test('by clients of Pusher, Parley and Socket.IO, and by curl', async () => {
    const name = newName()
    const channel = `pusher:${name}`
    const heard = collect(await enter(connect(server.url), name), 'message')
    const token = await signIn(server, 'Grace')
    const parley = createClient({ url: server.url, token })
    await parley.connect()
    const heardByParley: unknown[] = []
    parley.subscribe(channel, { recent: 9, onEvent: ({ data }) => void heardByParley.push(data) })
    const socket = io(server.url, { auth: { token }, transports: ['websocket'] })
    const heardBySocket: unknown[] = []
    socket.on('message', (data) => heardBySocket.push(data))
    await socket.timeout(10_000).emitWithAck('subscribe', channel)
    await parley.call('channels.publish', { channel, data: { from: 'parley' } })
    await socket.timeout(10_000).emitWithAck('publish', { channel, data: { from: 'socket.io' } })
    await publish(name, 'message', { from: 'pusher' })
    const { status } = await fetch(`${server.url}/api/channels/${channel}/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-api-key': `${keys.default.id}:${keys.default.secret}`,
      },
      body: JSON.stringify({ data: { from: 'curl' } }),
    })
    expect(status).toBe(200)
    const all = ['parley', 'socket.io', 'pusher', 'curl'].map((from) => ({ from }))
    await expect.poll(() => [heard, heardByParley, heardBySocket]).toEqual([all, all, all])
    socket.disconnect()
    parley.disconnect()
  })

  test('by nobody of another app', async () => {
    const name = newName()
    const ours = collect(await enter(connect(server.url), name), 'said')
    const theirs = collect(await enter(connect(server.url, { key: keys.acme }), name), 'said')
    await backEnd(server.url, keys.acme).trigger(name, 'said', 'acme')
    await publish(name, 'said', 'default')
    await expect.poll(() => [ours, theirs]).toEqual([['default'], ['acme']])
  })
})
