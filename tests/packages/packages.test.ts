import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPacked, listPublic, type Manifest, readJson, root, run } from './project.ts'

let installed: Awaited<ReturnType<typeof installPacked>>
beforeAll(async () => {
  installed = await installPacked()
}, 170_000)
afterAll(() => installed?.remove())

describe.each(listPublic())('$manifest.name', ({ manifest }) => {
  test('ships what was built and the licence, and neither sources nor tests', () => {
    const files = installed.contents.get(manifest.name) ?? []
    expect(files.filter((path) => path.startsWith('dist/'))).not.toEqual([])
    expect(files).toContain('LICENSE')
    expect(files.filter((path) => /^src\/|\.test\.|\.test-d\.|tsbuildinfo|(?<!\.d)\.ts$/.test(path))).toEqual(
      [],
    )
  })

  test('can be imported entry by entry, by plain Node', async () => {
    const entries = listEntries(manifest)
    if (entries.length === 0) expect(manifest.bin, 'neither entries nor a program').toBeDefined()
    const script = entries.map((entry) => `${loading(entry)}\n`).join('')
    writeFileSync(join(installed.project, 'import.mjs'), script)
    await run(process.execPath, ['import.mjs'], installed.project)
  })

  test('has types that resolve', async () => {
    const lines = listEntries(manifest).map((entry, index) => `export * as e${index} from '${entry}'\n`)
    writeFileSync(join(installed.project, 'types.mts'), `${lines.join('')}export {}\n`)
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const strict = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024']
    const places = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types'), '--ignoreConfig']
    await run(process.execPath, [tsc, ...strict, ...places, 'types.mts'], installed.project)
  })
})

/** Loads an entry; a stylesheet is for a bundler, and only has to be there. */
function loading(entry: string): string {
  if (!entry.endsWith('.css')) return `await import(${JSON.stringify(entry)})`
  return `;(await import('node:fs')).accessSync(new URL(import.meta.resolve(${JSON.stringify(entry)})))`
}

/** Names by which the entries are imported; patterns are resolved against what was installed. */
function listEntries({ name, exports = {} }: Manifest): string[] {
  return Object.entries(exports).flatMap(([path, { default: file }]) => {
    if (!path.includes('*')) return [join(name, path)]
    const home = join(installed.project, 'node_modules', name)
    const [before = '', after = ''] = path.split('*')
    return globSync(file.replace('*', '*/*'), { cwd: home }).map((found) => {
      const middle = join(found).slice(join(file).indexOf('*'), -'.js'.length)
      return join(name, `${before}${middle}${after}`)
    })
  })
}

describe('the server, installed from packages', () => {
  const program = () => join(installed.project, 'node_modules/.bin/parley')

  test.skipIf(!existsSync(join(root, 'apps/server/src/main.ts')))(
    'starts, is healthy and stops',
    async () => {
      const port = await findPort()
      const server = spawn(program(), [], {
        cwd: installed.project,
        env: { ...process.env, PORT: String(port), PARLEY_DATA_DIR: join(installed.project, 'data') },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const output = collect(server)
      const ended = once(server, 'exit')
      try {
        const died = ended.then(([code]) => Promise.reject(new Error(`It ended with code ${code}.`)))
        const healthy = expect.poll(() => isHealthy(port), { timeout: 90_000, interval: 100 }).toBe(true)
        await Promise.race([healthy, died])
        died.catch(() => {})
        server.kill('SIGTERM')
        expect((await ended)[0], output()).toBe(0)
      } catch (error) {
        throw new Error(`The server said:\n${output()}`, { cause: error })
      } finally {
        server.kill('SIGKILL')
      }
    },
  )
})

describe('Parley in an application, installed from packages', () => {
  beforeAll(async () => {
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--prefer-offline']
    await run('npm', ['install', ...quiet, 'express@5'], installed.project)
    cpSync(join(root, 'examples/embed'), installed.project, { recursive: true })
    writeFileSync(join(installed.project, 'visit.js'), visitor)
  }, 120_000)

  test.each(['node', 'express', 'fastify'])('the example for %s serves both, and stops', async (name) => {
    const port = await findPort()
    const dataDir = join(installed.project, name)
    mkdirSync(dataDir)
    const env = { ...process.env, PORT: String(port), TOKEN_SECRET: secret, NODE_OPTIONS: '' }
    const server = spawn(process.execPath, [join(installed.project, `${name}.js`)], {
      ...{ cwd: dataDir, env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = collect(server)
    const ended = once(server, 'exit')
    try {
      const hello = async () => (await fetch(`http://127.0.0.1:${port}/hello`)).text().catch(() => '')
      await expect.poll(() => hello().catch(output), { timeout: 90_000 }).toBe('The application.\n')
      const said = await run(process.execPath, ['visit.js', String(port), secret], installed.project)
      expect(said).toMatch(/^connected as ada/)
      server.kill('SIGTERM')
      expect((await ended)[0], output()).toBe(0)
    } finally {
      server.kill('SIGKILL')
    }
  })

  test('RealtimeManager is there, with its twelve settings', async () => {
    const script = `
      import { RealtimeManager } from '@parley/server'
      const manager = new RealtimeManager({ maxConnections: 1000, heartbeatInterval: 30000, pingTimeout: 5000,
        maxReconnectAttempts: 5, reconnectDelay: 1000, messageBufferSize: 100, maxMessageSize: 1048576,
        rateLimitPerSecond: 10, enableCompression: true, enableBatching: false, batchInterval: 100, batchSize: 10 })
      const sent = []
      const id = manager.addConnection({ id: 'client-123', send: (text) => sent.push(text), close() {}, on() {} })
      manager.joinRoom(id, 'general')
      await manager.sendToRoom('general', { type: 'chat:message', payload: { text: 'Hello' } })
      while (sent.length < 2) await new Promise((resolve) => setImmediate(resolve))
      console.log(Object.keys(manager.getMetrics()).join(), JSON.parse(sent[1]).payload.text)
      await manager.close()`
    writeFileSync(join(installed.project, 'manager.mjs'), script)
    expect(await run(process.execPath, ['manager.mjs'], installed.project)).toBe(
      'connectionCount,messagesSent,messagesReceived,errorRate,uptime Hello\n',
    )
  })
})

const secret = 'a secret of more than thirty-two bytes'

/** Connects as ada, over WebSocket. */
const visitor = `
  import { createHmac } from 'node:crypto'
  import { createClient } from '@parley/client'
  const [port, secret] = process.argv.slice(2)
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: 'ada', exp: Math.floor(Date.now() / 1000) + 60, capabilities: {} }
  const head = encoded({ alg: 'HS256', typ: 'JWT' }) + '.' + encoded(claims)
  const token = head + '.' + createHmac('sha256', secret).update(head).digest('base64url')
  const client = createClient({ url: 'http://127.0.0.1:' + port, token })
  await client.connect()
  console.log('connected as ' + client.connection.user)
  client.disconnect()`

async function isHealthy(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok
  } catch {
    return false // not listening yet
  }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stdout?.on('data', (chunk) => (text += chunk))
  child.stderr?.on('data', (chunk) => (text += chunk))
  return () => text
}

test('every workspace of ours names the same version', () => {
  const versions = listPublic().map(({ folder }) => {
    const { version } = readJson(join(root, folder, 'package.json')) as { version: string }
    return version
  })
  expect(new Set(versions).size).toBe(1)
})
