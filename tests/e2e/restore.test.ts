import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { type Client, createClient, type Position, type Subscribed, type Unrecovered } from '@parley/client'
import { afterEach, expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

const main = fileURLToPath(new URL('../../apps/server/src/main.ts', import.meta.url))
const channel = 'chat:restore'
const rest: (() => unknown)[] = []

afterEach(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})

async function startServer(): Promise<ServerProcess> {
  const server = await ServerProcess.start()
  rest.push(() => server.remove())
  return server
}

/** Runs a command of the program over the data of a server. */
async function parley(server: ServerProcess, ...args: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, ['--conditions=parley-source', main, ...args], {
    env: { ...process.env, PARLEY_DATA_DIR: join(server.directory, 'data') },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const [code] = await once(child, 'close')
  return { code, said }
}

/** A client and what it was told of one channel. */
class Listener {
  readonly client: Client
  readonly events: { readonly offset: number; readonly data: unknown }[] = []
  readonly recovered: Subscribed[] = []
  readonly unrecovered: Unrecovered[] = []
  readonly ready: Promise<Subscribed>

  constructor(client: Client, from?: Position) {
    this.client = client
    this.ready = client.subscribe(channel, {
      from,
      onEvent: ({ offset, data }) => this.events.push({ offset, data }),
      onRecovered: (subscribed) => this.recovered.push(subscribed),
      onUnrecovered: (unrecovered) => this.unrecovered.push(unrecovered),
    }).ready
  }

  static async join(server: ServerProcess, name: string, from?: Position): Promise<Listener> {
    const client = createClient({
      url: server.url,
      token: await server.token(name),
      reconnect: { baseMs: 20, capMs: 200 },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    rest.push(() => client.disconnect())
    const listener = new Listener(client, from)
    await client.connect()
    await listener.ready
    return listener
  }

  async publish(...texts: string[]): Promise<Position[]> {
    return Promise.all(texts.map((data) => this.client.channels.publish({ channel, data })))
  }
}

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

test('a restored server is another stream: whoever held a position is told so, and nobody recovers falsely', async () => {
  const server = await startServer()
  const ada = await Listener.join(server, 'ada')
  const [early] = await ada.publish(...names('kept', 10))
  const file = join(server.directory, 'backup')
  const [backup] = await Promise.all([parley(server, 'backup', file), ada.publish(...names('meanwhile', 50))])
  expect(backup, backup.said).toMatchObject({ code: 0 })
  const [late] = (await ada.publish(...names('gone', 10))).slice(-1)
  await expect.poll(() => ada.events.length).toBe(70)

  const inUse = await parley(server, 'restore', file)
  expect(inUse.code).toBe(1)
  expect(inUse.said).toMatch(new RegExp(`in use by process ${server.pid} since \\d{4}-`))
  expect(await server.stop()).toBe(0)
  expect(await parley(server, 'restore', file)).toMatchObject({
    code: 0,
    said: expect.stringContaining('a new stream'),
  })
  await server.start()

  // Ada was there all the time, and comes back by herself.
  await expect.poll(() => ada.unrecovered, { timeout: 10_000 }).toMatchObject([{ reason: 'epoch_changed' }])
  const { head, position } = ada.unrecovered[0] as Unrecovered
  expect(head).toBeGreaterThanOrEqual(10)
  expect(head).toBeLessThan(70)
  expect(position.epoch).not.toBe(early?.epoch)
  // Neither a position that the copy has, nor one that it has not, is taken for one of its own.
  for (const from of [early, late]) {
    const bob = await Listener.join(server, 'bob', from)
    expect(await bob.ready).toMatchObject({
      recovered: false,
      reason: 'epoch_changed',
      position: { offset: head },
    })
    expect(bob.recovered).toEqual([])
  }
  const [next] = await ada.publish('after')
  expect(next).toMatchObject({ epoch: position.epoch, offset: head + 1 })
  await expect.poll(() => ada.events.at(-1)).toEqual({ offset: head + 1, data: 'after' })
  expect(ada.events).toHaveLength(71)
  const page = await ada.client.channels.history({ channel, after: 0, limit: 1_000 })
  expect(page.events.slice(0, 10).map(({ data }) => data)).toEqual(names('kept', 10))
  expect(page.events.at(-1)?.data).toBe('after')
  // A position of the new stream is one.
  const carl = await Listener.join(server, 'carl', { epoch: position.epoch, offset: head })
  expect(await carl.ready).toMatchObject({ recovered: true })
  await expect.poll(() => carl.events).toEqual([{ offset: head + 1, data: 'after' }])
})

test('a data directory has one server: the second one names the first and goes', async () => {
  const server = await startServer()
  const second = ServerProcess.start({ directory: server.directory })
  await expect(second).rejects.toThrow(
    new RegExp(`ended with 1 .*in use by process ${server.pid} since \\d{4}-`, 's'),
  )
  expect((await fetch(`${server.url}/ready`)).status).toBe(200)
})

test('data of a newer version are left alone, by servers and by restores', async () => {
  const server = await startServer()
  const ada = await Listener.join(server, 'ada')
  await ada.publish('kept')
  const newer = join(server.directory, 'newer')
  expect(await parley(server, 'backup', newer)).toMatchObject({ code: 0 })
  setSchema(join(newer, 'parley.db'), 99)
  await server.stop()
  const restored = await parley(server, 'restore', newer)
  expect(restored).toMatchObject({
    code: 1,
    said: expect.stringMatching(/has schema 99, .*knows schemas up to \d+/),
  })
  const database = join(server.directory, 'data', 'parley.db')
  const schema = setSchema(database, 99)
  await expect(server.start()).rejects.toThrow(/ended with 1 .*has schema 99/s)
  setSchema(database, schema)
  await server.start()
  const { events } = await ada.client.channels.history({ channel, after: 0 })
  expect(events).toMatchObject([{ data: 'kept' }])
})

/** Changes the version of a database's schema, and answers the one before. */
function setSchema(path: string, version: number): number {
  const database = new DatabaseSync(path)
  const before = database.prepare('PRAGMA user_version').get()?.user_version as number
  database.exec(`PRAGMA user_version = ${version}`)
  database.close()
  return before
}
