import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLogger } from '@parley/kernel/memory'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../../compose.ts'
import { loadConfig } from '../../config.ts'
import { newFolder, parley, type Surroundings } from '../testing/scripted-terminal.ts'

const folder = newFolder()
let server: RunningServer
let port: string

beforeAll(async () => {
  server = await startServer(loadConfig({ directory: folder, environment: { PORT: '0' } }), silentLogger)
  port = new URL(server.url).port
})
afterAll(() => server.close())

/** The server is found by the configuration, with the key that it made. */
const here = (args: readonly string[], more: Surroundings = {}) =>
  parley(folder, args, { ...more, environment: { PORT: port, ...more.environment } })

test('publish says where the event went, whatever form the data have', async () => {
  const first = await here(['publish', 'chat:publish', '{"text":"Good morning"}'])
  expect(first).toMatchObject({ code: 0, out: 'Published to chat:publish at offset 1.' })
  await here(['publish', 'chat:publish', 'Doors open', '--type', 'headline', '--tag', 'city=Ulm'])
  await here(['publish', 'chat:publish'], { input: '{"price":12}\n' })
  const once = ['publish', 'chat:publish', 'once', '--idempotency-key', 'k-1', '--json']
  const [one, two] = [await here(once), await here(once)]
  expect(JSON.parse(one.out)).toMatchObject({ offset: 4 })
  expect(two.out).toBe(one.out)
  const { out } = await here(['call', 'channels.history', '{"channel":"chat:publish","after":0}', '--json'])
  const { events } = JSON.parse(out)
  expect(events).toMatchObject([
    { data: { text: 'Good morning' }, type: 'message' },
    { data: 'Doors open', type: 'headline', tags: { city: 'Ulm' } },
    { data: { price: 12 } },
    { data: 'once' },
  ])
})

test('what the server refuses has exit code 3 and the code of the error', async () => {
  const unknown = await here(['publish', 'nokind:a', 'x'])
  expect(unknown.code).toBe(3)
  expect(unknown.err).toContain('The server answered `unknown_kind`')
  const wrongKey = await here(['publish', 'chat:a', 'x', '--key', 'dev:wrong-wrong-wrong-wrong', '--json'])
  expect(wrongKey.code).toBe(3)
  expect(JSON.parse(wrongKey.err)).toMatchObject({ error: { code: 'unauthenticated' } })
})

test('command lines that cannot be right are refused before anybody is asked', async () => {
  for (const [args, problem] of [
    [['publish', 'chat:a'], 'There is nothing to publish'],
    [['publish', 'chat:a', 'x', '--tag', 'city'], '`city` is not NAME=VALUE'],
    [['publish', 'chat:a', 'x', '--url', 'parley'], 'is not the URL of a server'],
    [['publish', 'chat:a', 'x', '--url', 'http://a:b@example.org'], 'Credentials do not belong into a URL'],
    [['publish', 'chat:a', 'x', '--key', 'a:b', '--token', 'c'], 'Give --token or --key, not both'],
    [['publish', 'chat:a', 'x', '--key', 'a'], 'An app key is written ID:SECRET'],
    [['call', 'auth.whoami', '[1]'], 'The input is a JSON object'],
    [['call', 'auth.whoami', '{'], 'The input is a JSON object'],
    [['call', 'channels.history', '{}'], 'The input lacks `channel`'],
    [['call', 'channels.hitsory', '{}'], 'did you mean `channels.history`?'],
    [['tail', 'chat:a', '--recent', 'x'], '--recent is a whole number'],
  ] as const)
    expect(await here(args)).toMatchObject({ code: 2, err: expect.stringContaining(problem) })
})

test('call reaches any command, with a key or a token', async () => {
  const backend = await here(['call', 'auth.whoami'])
  expect(JSON.parse(backend.out)).toMatchObject({ app: 'default', role: 'backend' })
  const { out: token } = await here(['token', 'ada', '--allow', 'chat:*=read'])
  const user = await here(['call', 'auth.whoami'], { environment: { PARLEY_TOKEN: token } })
  expect(JSON.parse(user.out)).toMatchObject({ user: 'ada', role: 'user' })
  const piped = await here(['call', 'channels.publish'], { input: '{"channel":"chat:call","data":1}' })
  expect(JSON.parse(piped.out)).toMatchObject({ offset: 1 })
  const elsewhere = await parley(newFolder(), ['call', 'auth.whoami', '--url', server.url, '--token', token])
  expect(JSON.parse(elsewhere.out)).toMatchObject({ user: 'ada' })
})

test('tail shows what was and what comes, once and in order', async () => {
  for (const text of ['one', 'two']) await here(['publish', 'chat:tail', text])
  const shown: string[] = []
  const ended = here(['tail', 'chat:tail', '--recent', '1', '--count', '3', '--json'], {
    onOut: (text) => shown.push(text),
  })
  await expect.poll(() => shown.length).toBe(1)
  for (const text of ['three', 'four']) await here(['publish', 'chat:tail', text])
  expect((await ended).code).toBe(0)
  expect(shown.map((text) => JSON.parse(text).data)).toEqual(['two', 'three', 'four'])
  const text = await here(['tail', 'chat:tail', '--count', '1'])
  expect(text.out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {7}1 {2}message {2}"one"$/)
})

test('tail ends when it is asked to, and says when it may not read', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ended = here(['tail', 'chat:tail'], { stop: promise, onOut: () => resolve() })
  expect((await ended).code).toBe(0)
  const { out: token } = await here(['token', 'eve', '--allow', 'feed:*=read'])
  const refused = await here(['tail', 'chat:tail', '--token', token])
  expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('`forbidden`') })
  const keyless = await here(['tail', 'chat:tail', '--no-development-sign-in'])
  expect(keyless).toMatchObject({ code: 2, err: expect.stringContaining('can sign a token') })
})

test('where no server answers, or something else does, it is said', async () => {
  const other = createServer((_, response) => response.end('<html>'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  expect(await here(['call', 'auth.whoami', '--url', url])).toMatchObject({
    code: 4,
    err: expect.stringContaining('is no Parley server'),
  })
  await new Promise((resolve) => other.close(resolve))
  for (const args of [
    ['publish', 'chat:a', 'x'],
    ['call', 'auth.whoami'],
    ['tail', 'chat:a'],
  ])
    expect(await here([...args, '--url', url])).toMatchObject({
      code: 4,
      err: expect.stringContaining(`No server answers at ${url} (ECONNREFUSED)`),
    })
})

test('contracts lists commands and events, and explains one', async () => {
  const all = await here(['contracts'])
  expect(all.out).toMatch(/^channels\.publish +write +Publish an event to a channel\.$/m)
  expect(all.out).toMatch(/^chat\.sent +/m)
  const one = await here(['contracts', 'channels.history'])
  expect(one.out).toContain('GET /api/channels/{channel}/events')
  expect(one.out).toMatch(/^ {2}after\? +integer +Forward from this offset, exclusive\.$/m)
  expect(one.out).toContain('parley call channels.history')
  expect(JSON.parse((await here(['contracts', '--json'])).out)).toMatchObject({ openapi: '3.1.1' })
  const module = JSON.parse((await here(['contracts', 'auth', '--json'])).out)
  expect(module.commands.map(({ name }: { name: string }) => name)).toContain('auth.revoke')
  const schemas = JSON.parse((await here(['contracts', 'channels.publish', '--json'])).out)
  expect(schemas).toMatchObject({ name: 'channels.publish', operation: { operationId: 'channels.publish' } })
  expect(await here(['contracts', 'chanels'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('did you mean `channels`?'),
  })
})
