import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { recoverMissed } from '../../../examples/pusher-channels/recover-missed.ts'
import { runningServer, type TestServer } from '../../e2e/running-server.ts'
import { ServerProcess } from '../../e2e/server-process.ts'
import {
  backEnd,
  breakConnection,
  type Client,
  closeClients,
  collect,
  connect,
  enter,
  networkIsBack,
  next,
  settings,
} from './clients.ts'

let server: TestServer
let count = 0
const newName = (prefix = '') => `${prefix}again-${++count}`

beforeAll(async () => {
  server = await runningServer(settings)
})
afterEach(closeClients)
afterAll(() => server?.remove())

/** Breaks the connection; `meanwhile` happens while the client is away. */
async function away(client: Client, name: string, meanwhile: () => Promise<unknown>): Promise<unknown> {
  const gone = next(client.connection, 'disconnected')
  client.disconnect()
  await gone
  await meanwhile()
  const back = next(client.channel(name), 'pusher:subscription_succeeded')
  client.connect()
  return back
}

describe('clients that count', () => {
  test('get what they missed, each event once and in order', async () => {
    const name = newName()
    const client = connect(server.url)
    recoverMissed(client)
    const heard = collect(await enter(client, name), 'said')
    const say = (...all: number[]) =>
      all.reduce<Promise<unknown>>(
        (before, one) => before.then(() => backEnd(server.url).trigger(name, 'said', one)),
        Promise.resolve(),
      )
    await say(1, 2)
    await expect.poll(() => heard).toEqual([1, 2])
    expect(await away(client, name, () => say(3, 4))).toMatchObject({ recovered: true })
    await say(5)
    expect(await away(client, name, () => say(6))).toMatchObject({ recovered: true })
    expect(await away(client, name, async () => undefined)).toMatchObject({ recovered: true })
    await say(7)
    await expect.poll(() => heard).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('are not led astray by events that are not for them', async () => {
    const name = newName('private-')
    const [ada, bob] = [connect(server.url), connect(server.url)]
    recoverMissed(ada)
    const heard = collect(await enter(ada, name), 'client-said')
    const own = collect(ada.channel(name), 'said')
    const from = await enter(bob, name)
    ada.channel(name)?.trigger('client-said', 'own')
    from.trigger('client-said', 1)
    await expect.poll(() => heard).toEqual([1])
    await backEnd(server.url).trigger(name, 'said', 'not for ada', { socket_id: ada.connection.socket_id })
    await backEnd(server.url).trigger(name, 'said', 'for all')
    await expect.poll(() => own).toEqual(['for all'])
    await away(ada, name, () => backEnd(server.url).trigger(name, 'said', 'meanwhile'))
    await expect.poll(() => own).toEqual(['for all', 'meanwhile'])
    expect(heard).toEqual([1])
  })

  test('are told the newest event of a cache channel, and no event twice', async () => {
    const name = newName('cache-')
    await backEnd(server.url).trigger(name, 'price', 1)
    const client = connect(server.url)
    recoverMissed(client)
    const channel = client.subscribe(name)
    const heard = collect(channel, 'price')
    await expect.poll(() => heard).toEqual([1])
    await backEnd(server.url).trigger(name, 'price', 2)
    await expect.poll(() => heard).toEqual([1, 2])
    await away(client, name, () => backEnd(server.url).trigger(name, 'price', 3))
    await expect.poll(() => heard).toEqual([1, 2, 3])
  })

  test('hear when something is gone for good', async () => {
    const name = newName()
    const client = connect(server.url)
    await enter(client, newName())
    for (const position of ['nowhere.5', 'x', '.', '9'.repeat(200), 17, {}]) {
      const channel = client.subscribe(name)
      client.send_event('pusher:subscribe', { channel: name, position } as never)
      expect(await next(channel, 'pusher:subscription_succeeded')).toBeDefined()
      client.unsubscribe(name)
    }
  })
})

describe('dropped connections', () => {
  test('two in a row leave a client subscribed, once', async () => {
    const name = newName()
    const client = connect(server.url)
    recoverMissed(client)
    const channel = await enter(client, name)
    const heard = collect(channel, 'said')
    for (let round = 0; round < 2; round++) {
      const back = next(channel, 'pusher:subscription_succeeded')
      breakConnection(client)
      await back
      await backEnd(server.url).trigger(name, 'said', round)
    }
    await expect.poll(() => heard).toEqual([0, 1])
  })
})

describe('kill -9', () => {
  test('costs a durable kind nothing', async () => {
    const machine = await ServerProcess.start({
      settings: { ...settings, kinds: { pusher: { durability: 'durable' } } },
    })
    try {
      const name = newName()
      const client = connect(machine.url)
      recoverMissed(client)
      const channel = await enter(client, name)
      const heard = collect(channel, 'said')
      for (const round of [1, 2]) {
        await backEnd(machine.url).trigger(name, 'said', `before ${round}`)
        await machine.kill()
        await machine.start()
        networkIsBack()
        await backEnd(machine.url).trigger(name, 'said', `after ${round}`)
        await expect.poll(() => heard.length).toBe(2 * round)
      }
      expect(heard).toEqual(['before 1', 'after 1', 'before 2', 'after 2'])
    } finally {
      closeClients()
      await machine.remove()
    }
  })
})
