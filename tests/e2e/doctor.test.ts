import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasNginx, startNginx } from './nginx.ts'
import { type CommandOptions, parleyCommand } from './parley-command.ts'
import { ServerProcess } from './server-process.ts'

const rest: (() => unknown)[] = []
afterAll(async () => {
  for (const end of rest.splice(0).reverse()) await end()
})

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const hasFaketime = spawnSync('faketime', ['--version']).status === 0
const secret = 'a-secret-of-the-test-of-the-doctor-1'

/** A server that runs as it should; faults are planted beside it. */
let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start({ environment: { PARLEY_JWT_SECRET: secret } })
  rest.push(() => server.remove())
})

function folder(config = ''): string {
  const directory = mkdtempSync(join(tmpdir(), 'parley-doctor-'))
  rest.push(() => rmSync(directory, { recursive: true, force: true }))
  if (config !== '') writeFileSync(join(directory, 'parley.yaml'), config)
  return directory
}

interface Finding {
  readonly check: string
  readonly status: string
  readonly says: string
  readonly mend?: string
}

/** What the doctor finds; each problem comes with what to do, and the exit code tells whether there is one. */
async function examine(
  args: readonly string[],
  options: CommandOptions,
): Promise<ReadonlyMap<string, Finding>> {
  const { code, out, err } = await parleyCommand(['doctor', '--json', ...args], options)
  expect(err).toBe('')
  const findings = JSON.parse(out) as readonly Finding[]
  const problems = findings.filter(({ status }) => status === 'problem')
  expect(code).toBe(problems.length > 0 ? 1 : 0)
  for (const { mend } of problems) expect(mend).toMatch(/\w+ \w+/)
  return new Map(findings.map((finding) => [finding.check, finding]))
}

/** The settings of the server that runs. */
const asServer = (more: Readonly<Record<string, string>> = {}) => ({
  PORT: String(server.port),
  PARLEY_DATA_DIR: join(server.directory, 'data'),
  PARLEY_JWT_SECRET: secret,
  ...more,
})

/** Another program: it says nothing, or does what it is given. */
async function listen(
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<Server & { port: number }> {
  const taken = createServer(onConnection)
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  rest.push(() => taken.close())
  return Object.assign(taken, { port: (taken.address() as AddressInfo).port })
}

test('nothing is wrong with a server that runs as it should, nor before its first start', async () => {
  // Two at a time, here and below: each is a process of its own.
  const [running, unstarted] = await Promise.all([
    examine([], { directory: folder(), environment: asServer() }),
    examine([], { directory: folder('port: 0\n') }),
  ])
  expect([...running.values()].filter(({ status }) => status === 'problem')).toEqual([])
  expect(running.get('server')).toMatchObject({ status: 'ok' })
  expect(running.get('keys')?.says).toContain('The server takes them.')
  expect([...unstarted.values()].filter(({ status }) => status === 'problem')).toEqual([])
})

test('a port that is taken, by another program or by a server with other data', async () => {
  const { port } = await listen((socket) => socket.destroy())
  const at = (taken: number) =>
    examine(['--only', 'port'], { directory: folder(), environment: { PORT: String(taken) } })
  const [other, sibling] = await Promise.all([at(port), at(server.port)])
  expect(other.get('port')).toMatchObject({
    status: 'problem',
    says: `Port ${port} is taken by another program.`,
  })
  expect(sibling.get('port')?.says).toContain('is taken by another Parley server')
})

test('data that another process uses', async () => {
  const free = await listen()
  free.close()
  const found = await examine(['--only', 'data'], {
    directory: folder(),
    environment: asServer({ PORT: String(free.port) }),
  })
  expect(found.get('data')).toMatchObject({
    status: 'problem',
    says: expect.stringMatching(
      new RegExp(`is in use by process ${server.pid} since .*, and no server answers`),
    ),
  })
})

test.skipIf(!isRoot)('a disk that is full', async () => {
  const disk = folder()
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', disk]).status).toBe(0)
  rest.push(() => spawnSync('umount', [disk]))
  const environment = { PARLEY_DATA_DIR: join(disk, 'data'), PORT: '0' }
  const before = await examine(['--only', 'disk'], { directory: folder(), environment })
  expect(before.get('disk')).toMatchObject({ status: 'warning' })
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize))
  const full = await examine(['--only', 'disk'], { directory: folder(), environment })
  expect(full.get('disk')).toMatchObject({
    status: 'problem',
    says: expect.stringContaining('is full: 0 bytes are left'),
  })
})

test('a wrong key: one that the server does not have, one that is no key, and a token that is refused', async () => {
  const other = asServer({ PARLEY_JWT_SECRET: `${secret}-that-is-another` })
  const pem = folder('apps: { default: { keys: [{ algorithm: EdDSA, keyFile: tokens.pem }] } }')
  const [found, signed] = await Promise.all([
    examine(['--only', 'keys'], { directory: folder(), environment: other }),
    parleyCommand(['token', 'ada'], { directory: folder(), environment: other }),
    parleyCommand(['keys', 'new', '--out', 'tokens'], { directory: pem }),
  ])
  expect(found.get('keys')).toMatchObject({
    status: 'problem',
    says: expect.stringContaining('refuses a token signed with the key of this configuration'),
  })
  const [unusable, refused] = await Promise.all([
    examine(['--only', 'keys'], { directory: pem }),
    examine(['--only', 'keys', '--token', signed.out.trim()], {
      directory: folder(),
      environment: asServer(),
    }),
  ])
  expect(unusable.get('keys')?.says).toContain('is a private key')
  expect(refused.get('keys')?.says).toMatch(/The token is refused: .*signature/i)
})

test.skipIf(!hasFaketime)('a clock that is wrong', async () => {
  const early = await ServerProcess.start({ under: () => ['faketime', '-f', '-10m'] })
  rest.push(() => early.remove())
  const found = await examine(['--only', 'clock', '--url', early.url], { directory: folder() })
  expect(found.get('clock')).toMatchObject({
    status: 'problem',
    says: expect.stringMatching(/^The clock of the server is 10 min behind the one here; 5 s are allowed/),
  })
})

test('a database of an older version, and one of a newer', async () => {
  const directory = folder('port: 0\n')
  const old = await ServerProcess.start({ directory })
  await old.stop()
  const environment = { PARLEY_DATA_DIR: join(directory, 'data') }
  const schema = (version: number) => {
    const database = new DatabaseSync(join(directory, 'data', 'parley.db'))
    database.exec(`PRAGMA user_version = ${version}`)
    database.close()
  }
  schema(1)
  const older = await examine(['--only', 'schema'], { directory, environment })
  expect(older.get('schema')).toMatchObject({
    status: 'problem',
    says: expect.stringContaining('the schema, from 1 to'),
  })
  schema(99)
  const newer = await examine(['--only', 'schema'], { directory, environment })
  expect(newer.get('schema')).toMatchObject({
    status: 'problem',
    says: expect.stringContaining('has schema 99'),
  })
})

test('a configuration that cannot be read', async () => {
  const directory = folder()
  mkdirSync(join(directory, 'parley.yaml'))
  const [unreadable, broken] = await Promise.all([
    examine([], { directory }),
    examine(['--only', 'configuration'], { directory: folder('port: [') }),
  ])
  expect(unreadable.get('configuration')).toMatchObject({
    status: 'problem',
    says: expect.stringContaining('the file cannot be read'),
  })
  expect(unreadable.get('disk')?.status).toBe('skipped')
  expect(broken.get('configuration')?.says).toContain('the file is not valid YAML')
  if (isRoot) return
  const secretFile = folder('port: 0\n')
  chmodSync(join(secretFile, 'parley.yaml'), 0)
  const denied = await examine(['--only', 'configuration'], { directory: secretFile })
  expect(denied.get('configuration')?.says).toContain('EACCES')
})

test.skipIf(process.platform === 'win32')(
  'a limit of open files below the connections that are configured',
  async () => {
    const found = await examine(['--only', 'open-files'], {
      directory: folder(),
      under: ['sh', '-c', 'ulimit -n 512 && exec "$@"', 'sh'],
    })
    expect(found.get('open-files')).toMatchObject({
      status: 'problem',
      says: '512 files may be open; 1000 connections need 1200.',
    })
  },
)

test.skipIf(!hasNginx)('a proxy that keeps streams back, and one that passes no WebSocket on', async () => {
  const upgrade =
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_set_header Host $http_host;'
  const look = async (location: string) => {
    const { url, stop } = await startNginx(server.url, `proxy_pass {server}; ${location}`)
    try {
      const args = ['--only', 'proxy', '--public-url', url]
      return (await examine(args, { directory: folder(), environment: asServer() })).get('proxy')
    } finally {
      await stop()
    }
  }
  expect(await look(upgrade)).toMatchObject({ status: 'ok' })
  const [keeps, refuses] = await Promise.all([
    look(`${upgrade} proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;`),
    look(''),
  ])
  expect(keeps).toMatchObject({
    status: 'problem',
    says: expect.stringContaining('keeps streams back until they end'),
  })
  expect(refuses).toMatchObject({
    status: 'problem',
    says: expect.stringContaining('No WebSocket can be opened'),
  })
})

test('a service behind the server that does not answer', async () => {
  const gone = await listen()
  gone.close()
  const config = `
authorize: { url: "http://127.0.0.1:${gone.port}/may", secret: ${secret} }
files: { store: s3, s3: { endpoint: "http://127.0.0.1:${gone.port}", bucket: parley, accessKeyId: a, secretAccessKey: b } }
tracing: { endpoint: "${server.url}" }
port: 0
`
  const silent = await listen()
  const [found, hangs] = await Promise.all([
    examine(['--only', 'backends'], { directory: folder(config) }),
    examine(['--only', 'backends'], {
      directory: folder(`port: 0\ntracing: { endpoint: "http://127.0.0.1:${silent.port}" }\n`),
    }),
  ])
  const { status, says } = found.get('backends') as Finding
  expect(status).toBe('problem')
  expect(says).toContain('The object store at http://127.0.0.1:')
  expect(says).toContain('The authorization webhook at')
  expect(says).toContain('ECONNREFUSED')
  expect(says).not.toContain('collector')
  expect(hangs.get('backends')?.says).toMatch(
    /The collector of traces .* does not answer \(nothing within 5 s/,
  )
})

test('what is found is said in words too', async () => {
  const { port } = await listen((socket) => socket.destroy())
  const { code, out } = await parleyCommand(['doctor', '--only', 'port'], {
    directory: folder(),
    environment: { PORT: String(port) },
  })
  expect(code).toBe(1)
  expect(out).toMatch(/PROBLEM +Port +Port \d+ is taken by another program\.\n +→ Stop that program/)
  expect(out).toContain('There is one problem.')
  expect((await parleyCommand(['doctor', '--only', 'nothing'], { directory: folder() })).code).toBe(2)
})
