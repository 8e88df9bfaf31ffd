import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { parseCommandLine } from './cli.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function run(args: readonly string[], directory = mkdtempSync(join(tmpdir(), 'parley-main-'))) {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(PARLEY_|PORT$|NODE_ENV$|JWT_SECRET$)/.test(name)),
  )
  const child = spawn(
    process.execPath,
    ['--conditions=parley-source', '--disable-warning=ExperimentalWarning', main, ...args],
    {
      cwd: directory,
      env: environment,
    },
  )
  children.push(child)
  const said = { out: '', err: '' }
  child.stdout?.on('data', (text) => (said.out += text))
  child.stderr?.on('data', (text) => (said.err += text))
  const ended = once(child, 'exit').then(([code]) => code as number)
  return { child, said, ended }
}

test('the program starts, says where it is, and stops cleanly', async () => {
  const { child, said, ended } = run(['--port=0', '--storage-provider=memory'])
  await expect
    .poll(() => said.out, { timeout: 15_000 })
    .toMatch(/WebSocket {2}ws:\/\/127\.0\.0\.1:\d+\/realtime/)
  expect(said.out).toMatch(/The app key for back ends, made now:\n {2}dev:[\w-]{32}\n/)
  child.kill('SIGINT')
  expect(await ended).toBe(0)
  expect(said.out).toContain('Stopping.')
})

test('a second signal does not wait for clients that take their time', async () => {
  const { child, said, ended } = run(['--port=0', '--storage-provider=memory'])
  await expect.poll(() => said.out, { timeout: 15_000 }).toContain('Ctrl-C stops')
  const port = Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(said.out)?.[1])
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  client.on('error', () => undefined)
  client.write(
    [
      'GET /realtime HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Protocol: parley.v1.json',
      '\r\n',
    ].join('\r\n'),
  )
  const [answer] = await once(client, 'data')
  expect(String(answer)).toContain('101')
  child.kill('SIGTERM')
  await expect.poll(() => said.out, { timeout: 5_000 }).toContain('Stopping.')
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  client.destroy()
})

test('mistakes end the program with 2 and a message, failures with 1', async () => {
  const wrong = run(['--port', 'x', '--colour'])
  expect(await wrong.ended).toBe(2)
  expect(wrong.said.err).toContain('- port: expected a whole number from 0 to 65535, got "x". (flag --port)')
  const unknown = run(['sevre'])
  expect(await unknown.ended).toBe(2)
  expect(unknown.said.err).toContain('There is no command `sevre`.')
})

test('what cannot be copied is said', async () => {
  const nameless = run(['backup'])
  expect(await nameless.ended).toBe(2)
  expect(nameless.said.err).toContain('`backup` needs a file')
  const empty = run(['backup', 'copy.db'])
  expect(await empty.ended).toBe(1)
  expect(empty.said.err).toContain('There is no database in')
  const fleeting = run(['restore', 'copy.db', '--storage-provider=memory'])
  expect(await fleeting.ended).toBe(1)
  expect(fleeting.said.err).toContain('keeps nothing that could be copied')
})

test('check-config shows what the configuration says', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-main-'))
  writeFileSync(join(directory, 'parley.yaml'), 'kinds:\n  news: { durability: recent }\n')
  const { said, ended } = run(['check-config'], directory)
  expect(await ended).toBe(0)
  expect(said.out).toContain('The configuration is good.')
  expect(said.out).toMatch(/Kinds {7}chat, room, live, feed, user, news/)
})

test('command lines are taken apart', () => {
  expect(parseCommandLine([])).toEqual({ command: 'serve', flags: [] })
  expect(parseCommandLine(['--port', '1', '--debugging', '--host=x', 'serve'])).toEqual({
    command: 'serve',
    flags: [
      ['port', '1'],
      ['debugging', 'true'],
      ['host', 'x'],
    ],
  })
  expect(parseCommandLine(['--data-dir', './d', 'backup', 'copy.db'])).toEqual({
    command: 'backup',
    file: 'copy.db',
    flags: [['data-dir', './d']],
  })
  expect(() => parseCommandLine(['backup', 'copy.db', 'twice'])).toThrow(/neither a command nor a flag/)
  expect(() => parseCommandLine(['serve', 'twice'])).toThrow(/neither a command nor a flag/)
  expect(() => parseCommandLine(['-x'])).toThrow(/neither a command nor a flag/)
})
