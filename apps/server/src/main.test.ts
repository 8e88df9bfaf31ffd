import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

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
  expect(unknown.said.err).toContain('There is no command `sevre`; did you mean `serve`?')
})
