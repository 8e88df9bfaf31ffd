import { type Client, createClient } from '@parley/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SmallDisk } from '../chaos/small-disk.ts'
import { ServerProcess } from './server-process.ts'

const channel = 'chat:disk-full'

const disk = SmallDisk.mount(8)
const missing = disk === undefined ? ' (no small disk: this needs root on Linux, and the right to mount)' : ''

afterAll(() => disk?.unmount())

interface Answer {
  readonly offset: number
}

describe.skipIf(missing)(`a full disk${missing}`, () => {
  let server: ServerProcess
  let client: Client
  /** Text → offset of what was acknowledged; texts of what was refused. */
  const acked = new Map<string, number>()
  const refused = new Set<string>()
  const heard: { readonly offset: number; readonly text: string }[] = []
  const codes = new Set<string>()

  beforeAll(async () => {
    server = await ServerProcess.start({ directory: disk!.directory })
    // What is refused is not tried again by itself.
    client = createClient({
      ...{ url: server.url, token: await server.token('ada'), maxRetries: 0 },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    client.subscribe(channel, {
      onEvent: ({ offset, data }) => heard.push({ offset, text: (data as { readonly text: string }).text }),
    })
    await client.connect()
  })

  afterAll(async () => {
    client.disconnect()
    await server.remove()
  })

  function refuse(texts: readonly string[], error: unknown): void {
    for (const text of texts) refused.add(text)
    const { code, retryable, retryAfterMs } = error as Record<string, unknown>
    codes.add(`${code}, retryable: ${retryable}, wait: ${Number(retryAfterMs) > 0}`)
  }

  /** Three events of 2 kB, all or none. */
  async function publishThree(name: string): Promise<void> {
    const texts = ['a', 'b', 'c'].map((part) => `${name}${part}`)
    const ballast = 'x'.repeat(2_000)
    try {
      const { events } = (await client.call('channels.publishMany', {
        events: texts.map((text) => ({ channel, data: { text, ballast } })),
      })) as { readonly events: readonly Answer[] }
      for (const [index, { offset }] of events.entries()) acked.set(texts[index] as string, offset)
    } catch (error) {
      refuse(texts, error)
    }
  }

  async function readiness(): Promise<{ status: number; text: string }> {
    const response = await fetch(`${server.url}/ready`)
    return { status: response.status, text: await response.text() }
  }

  /** Everything that the channel holds, as somebody new reads it. */
  async function stored(): Promise<{ offset: number; text: string }[]> {
    const token = await server.token('historian')
    const found: { offset: number; text: string }[] = []
    for (let after = 0; ; ) {
      const response = await fetch(`${server.url}/api/channels/${channel}/events?after=${after}&limit=1000`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const page = (await response.json()) as {
        readonly events: readonly { readonly offset: number; readonly data: { readonly text: string } }[]
        readonly next?: number
      }
      found.push(...page.events.map(({ offset, data }) => ({ offset, text: data.text })))
      if (page.next === undefined) return found
      after = page.next
    }
  }

  const promised = () =>
    [...acked].map(([text, offset]) => ({ offset, text })).sort((a, b) => a.offset - b.offset)

  test('refuses durable publishes as something to be tried again, and stores none of them', async () => {
    await publishThree('first')
    disk!.leaveFree(1_000_000)
    for (let round = 0; refused.size === 0; round++)
      await Promise.all(Array.from({ length: 10 }, (_, index) => publishThree(`${round}/${index}`)))
    for (let count = 0; count < 5; count++) await publishThree(`late/${count}`)
    expect([...codes]).toEqual(['store_full, retryable: true, wait: true'])
    expect(refused).toContain('late/4c')
    expect(await stored()).toEqual(promised())
  })

  test('turns readiness red, and says why', async () => {
    const { status, text } = await readiness()
    expect(status).toBe(503)
    expect(text).toContain('The disk is full')
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })

  test('leaves alone what needs no disk: `recent` and `ephemeral` channels, and reading', async () => {
    const events: unknown[] = []
    for (const other of ['room:disk-full', 'live:disk-full']) {
      const subscription = client.subscribe(other, { onEvent: ({ data }) => events.push(data) })
      await subscription.ready
      await client.channels.publish({ channel: other, data: other })
    }
    await expect.poll(() => events).toEqual(['room:disk-full', 'live:disk-full'])
    const latecomer: unknown[] = []
    const reader = createClient({
      ...{ url: server.url, token: await server.token('bob') },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    reader.subscribe(channel, { recent: 3, onEvent: ({ offset }) => latecomer.push(offset) })
    await reader.connect()
    await expect.poll(() => latecomer).toEqual([-2, -1, 0].map((back) => acked.size + back))
    reader.disconnect()
  })

  test('is written again as soon as there is room; every ack was true, and nothing was stored in part', async () => {
    disk!.makeRoom()
    await expect.poll(async () => (await readiness()).status, { timeout: 10_000 }).toBe(200)
    const before = acked.size
    await publishThree('after')
    expect(acked.size).toBe(before + 3)
    await server.kill()
    await server.start()
    expect(await stored()).toEqual(promised())
    await publishThree('after a restart')
    await expect.poll(() => heard).toEqual(promised())
  })
})
