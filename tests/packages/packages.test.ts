import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, writeFileSync } from 'node:fs'
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
        const healthy = expect.poll(() => isHealthy(port), { timeout: 20_000, interval: 100 }).toBe(true)
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
