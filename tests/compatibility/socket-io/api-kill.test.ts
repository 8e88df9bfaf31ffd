import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ask, closeClients, collect, connect, libraries, next } from './clients.ts'

const directory = mkdtempSync(join(tmpdir(), 'parley-'))
const script = fileURLToPath(new URL('./room-server.ts', import.meta.url))
let child: ChildProcess
let port = 0

/** Starts the application on the port that it had before. */
async function start(): Promise<void> {
  child = spawn(process.execPath, ['--conditions=parley-source', script, directory, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  port = Number(line)
}

async function kill(): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

beforeAll(start)
afterEach(closeClients)
afterAll(async () => {
  await kill()
  rmSync(directory, { recursive: true, force: true })
})

test.each(libraries)(
  'an application that is killed loses nothing for socket.io-client %s',
  async (_name, io) => {
    const url = `http://127.0.0.1:${port}`
    const [ada, grace] = [0, 1].map(() => connect(io, url, { transports: ['websocket'] }))
    if (ada === undefined || grace === undefined) throw new Error('There are two.')
    await Promise.all([next(ada, 'connect'), next(grace, 'connect')])
    const room = `room ${Math.random()}`
    for (const one of [ada, grace]) await ask(one, 'join', room)
    const heard = collect(ada, 'said')
    await ask(grace, 'say', room, 1)
    await expect.poll(() => heard).toEqual([1])
    for (const round of [2, 3]) {
      const back = Promise.all([next(ada, 'connect'), next(grace, 'connect')])
      await kill()
      await start()
      await back
      expect(ada.recovered).toBe(true)
      await ask(grace, 'say', room, round)
      await expect.poll(() => heard.at(-1)).toBe(round)
    }
    expect(heard).toEqual([1, 2, 3])
  },
)
