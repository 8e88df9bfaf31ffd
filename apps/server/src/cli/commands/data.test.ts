import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { silentLogger } from '@parley/kernel/memory'
import { afterEach, expect, test } from 'vitest'
import { startServer } from '../../compose.ts'
import { loadConfig } from '../../config.ts'
import { newFolder, parley } from '../testing/scripted-terminal.ts'

const rest: (() => unknown)[] = []
afterEach(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})

async function start(folder: string) {
  const config = loadConfig({ directory: folder, environment: { PORT: '0' } })
  const server = await startServer(config, silentLogger)
  rest.push(() => server.close())
  const key = server.development?.made.apiKey
  const publish = (data: string) =>
    fetch(`${server.url}/api/channels/chat:a/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': `${key?.id}:${key?.secret}` },
      body: JSON.stringify({ data }),
    })
  const history = async () => {
    const response = await fetch(`${server.url}/api/channels/chat:a/events?after=0`, {
      headers: { 'x-api-key': `${key?.id}:${key?.secret}` },
    })
    const { events } = (await response.json()) as { events: { data: unknown }[] }
    return events.map(({ data }) => data)
  }
  return { ...server, publish, history }
}

/** Puts a file where those that people send lie. */
function put(folder: string, name: string, text: string): void {
  mkdirSync(join(folder, 'data', 'files', 'a'), { recursive: true })
  writeFileSync(join(folder, 'data', 'files', 'a', name), text)
}

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()

test('a backup of a running server has its events and files, and a restore brings both back', async () => {
  const folder = newFolder()
  const server = await start(folder)
  await server.publish('kept')
  put(folder, 'one.blob', 'first')
  put(folder, 'two.part', 'unfinished')
  const taken = await parley(folder, ['backup', 'copy'], { isInteractive: true })
  expect(taken).toMatchObject({
    code: 0,
    out: expect.stringMatching(/are in .*copy, with 1 files \(5 bytes\)/),
  })
  expect(taken.lines.join()).toMatch(/Files .*100 %/)
  expect(filesOf(join(folder, 'copy'))).toEqual(['backup.json', 'files-secret', 'one.blob', 'parley.db'])
  const secret = readFileSync(join(folder, 'data', 'files-secret'), 'utf8')

  await server.publish('gone')
  put(folder, 'three.blob', 'later')
  expect(await parley(folder, ['restore', 'copy'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('in use by'),
  })
  await server.close()
  rmSync(join(folder, 'data', 'files', 'a', 'one.blob'))
  writeFileSync(join(folder, 'data', 'files-secret'), 'x'.repeat(40))
  const put2 = await parley(folder, ['restore', 'copy', '--json'])
  expect(put2.code).toBe(0)
  expect(JSON.parse(put2.out)).toMatchObject({ files: { count: 1, bytes: 5 } })
  expect(filesOf(join(folder, 'data', 'files'))).toEqual(['one.blob', 'two.part'])
  expect(readFileSync(join(folder, 'data', 'files-secret'), 'utf8')).toBe(secret)
  expect(await (await start(folder)).history()).toEqual(['kept'])
})

test('a backup replaces an older one, and nothing else', async () => {
  const folder = newFolder()
  const server = await start(folder)
  await server.publish('one')
  expect(await parley(folder, ['backup', 'copy', '--json'])).toMatchObject({ code: 0 })
  put(folder, 'one.blob', 'first')
  expect(await parley(folder, ['backup', 'copy', '--json'])).toMatchObject({ code: 0 })
  expect(filesOf(join(folder, 'copy'))).toContain('one.blob')
  expect(readdirSync(folder).sort()).toEqual(['copy', 'data'])
  const refused = await parley(folder, ['backup', 'data'])
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is no backup. It is left alone') })
})

test('backup and restore say why they cannot', async () => {
  const folder = newFolder()
  expect(await parley(folder, ['backup'])).toMatchObject({ code: 2 })
  expect(await parley(folder, ['backup', 'copy'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no database in'),
  })
  expect(readdirSync(folder)).toEqual([])
  for (const command of ['backup', 'restore'])
    expect(await parley(folder, [command, 'copy', '--storage-provider=memory'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('keeps nothing that could be copied'),
    })
  expect(await parley(folder, ['restore', 'absent'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no backup at'),
  })
  mkdirSync(join(folder, 'empty'))
  expect(await parley(folder, ['restore', 'empty'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('it has no backup.json'),
  })
})

test('a backup that lacks files is refused before anything is replaced', async () => {
  const folder = newFolder()
  const server = await start(folder)
  await server.publish('kept')
  put(folder, 'one.blob', 'first')
  await parley(folder, ['backup', 'copy'])
  await server.close()
  rmSync(join(folder, 'copy', 'files'), { recursive: true })
  expect(await parley(folder, ['restore', 'copy'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/should hold 1 files and holds 0. Nothing was replaced/),
  })
  expect(filesOf(join(folder, 'data', 'files'))).toEqual(['one.blob'])
})

test('migrate brings an old database up to date, says what there is to do, and leaves newer ones alone', async () => {
  const folder = newFolder()
  await (await start(folder)).close()
  expect(await parley(folder, ['migrate', '--check'])).toMatchObject({
    code: 0,
    out: 'The database is up to date.',
  })
  const database = join(folder, 'data', 'parley.db')
  undo(database)
  const check = await parley(folder, ['migrate', '--check', '--json'])
  expect(check.code).toBe(1)
  expect(JSON.parse(check.out)).toEqual({
    pending: ['the schema, from 1 to 2', expect.stringMatching(/^\d of module `chat`$/)],
    done: false,
  })
  const done = await parley(folder, ['migrate'], { isInteractive: true })
  expect(done, done.err).toMatchObject({ code: 0, out: expect.stringContaining('- the schema, from 1 to 2') })
  expect(await parley(folder, ['migrate', '--check'])).toMatchObject({ code: 0 })

  setSchema(database, 99)
  expect(await parley(folder, ['migrate'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('has schema 99'),
  })
})

test('migrate waits for nobody: where a server uses the data, it says so', async () => {
  const folder = newFolder()
  await start(folder)
  expect(await parley(folder, ['migrate'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('is in use by process'),
  })
  expect(await parley(folder, ['migrate', '--check'])).toMatchObject({ code: 0 })
})

/** Makes a database what the first version of the schema left behind. */
function undo(path: string): void {
  const database = new DatabaseSync(path)
  const tables = database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'parley_%' AND name NOT LIKE 'sqlite_%'",
    )
    .all()
  for (const { name } of tables) database.exec(`DROP TABLE IF EXISTS "${name}"`)
  database.exec('DROP TABLE parley_migrations; PRAGMA user_version = 1')
  database.close()
}

function setSchema(path: string, version: number): void {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA user_version = ${version}`)
  database.close()
}
