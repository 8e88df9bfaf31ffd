import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPython, PythonListener } from './python-listener.ts'
import { ServerProcess } from './server-process.ts'

const channel = 'chat:python'
const total = 800
const kills = 6

let server: ServerProcess
let token: string
let python: PythonListener

/** Publishes over REST; repeats with the same key until it knows what became of it. */
async function publish(data: unknown, key: string): Promise<number> {
  for (;;) {
    const response = await fetch(`${server.url}/api/channels/${channel}/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ data }),
    }).catch(() => undefined)
    const body = (await response?.json().catch(() => undefined)) as
      | { offset?: number; retryable?: boolean }
      | undefined
    if (body?.offset !== undefined) return body.offset
    if (body?.retryable === false) throw new Error(JSON.stringify(body))
    await new Promise(setImmediate)
  }
}

describe.skipIf(!hasPython)('the Python client', () => {
  beforeAll(async () => {
    server = await ServerProcess.start()
    token = await server.token('py')
    python = new PythonListener(token)
  })

  afterAll(async () => {
    await python.remove()
    await server.remove()
  })

  test('gets every event once and in order, however often it and the server are killed', async () => {
    const url = `${server.url.replace('http', 'ws')}/realtime`
    python.start(url, channel)
    await python.reached(0)

    let acked = 0
    const publishing = (async () => {
      for (; acked < total; acked++) expect(await publish(`event ${acked}`, `key-${acked}`)).toBe(acked + 1)
    })()
    for (let kill = 1; kill <= kills; kill++) {
      // In the middle of what comes next; then some events go by while nobody listens.
      await python.reached(kill * 80)
      await python.kill()
      if (kill === kills / 2) {
        await server.kill()
        await server.start()
      }
      const missedFrom = acked
      while (acked < missedFrom + 20) await new Promise(setImmediate)
      python.start(url, channel)
    }
    await publishing
    await python.reached(total)

    const events = python.events()
    expect(events.map(({ offset }) => offset)).toEqual(Array.from({ length: total }, (_, index) => index + 1))
    expect(events.map(({ data }) => data)).toEqual(
      Array.from({ length: total }, (_, index) => `event ${index}`),
    )
    expect(events.every(({ type, by, at }) => type === 'message' && by === 'py' && at > 0)).toBe(true)
    expect(python.trouble).not.toContain('Not recovered')
  })

  test('publishes, and a repeat with the same key is answered alike', async () => {
    const url = `${server.url.replace('http', 'ws')}/realtime`
    const event = { data: { text: 'from Python' }, key: 'python-1' }
    const [first, again] = [
      await python.publish(url, channel, event),
      await python.publish(url, channel, event),
    ]
    expect(first).toMatchObject({ offset: total + 1 })
    expect(again).toEqual(first)
    await python.reached(total + 1)
    expect(python.events().at(-1)).toMatchObject({ data: { text: 'from Python' }, offset: total + 1 })
  })
})
