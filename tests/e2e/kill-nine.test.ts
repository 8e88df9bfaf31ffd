import { type Client, createClient, type Subscription } from '@parley/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

const clients = 50
const rounds = 20
const perRound = 12
const channel = 'chat:kill-nine'

interface Party {
  readonly client: Client
  readonly subscription: Subscription
  readonly received: { readonly offset: number; readonly text: string; readonly by: string | undefined }[]
}

let server: ServerProcess
const parties: Party[] = []
const troubles: string[] = []
/** Text → offset of every event that the server acknowledged. */
const acked = new Map<string, number>()
const sent: Promise<void>[] = []

beforeAll(async () => {
  server = await ServerProcess.start()
  for (let index = 0; index < clients; index++) parties.push(await join(`user-${index}`))
})

afterAll(async () => {
  for (const { client } of parties) client.disconnect()
  await server.remove()
})

async function join(name: string): Promise<Party> {
  const token = await server.token(name)
  const received: Party['received'] = []
  const client = createClient({
    url: server.url,
    token,
    callTimeoutMs: 120_000,
    maxRetries: 100,
    reconnect: { baseMs: 20, capMs: 200 },
  })
  client.on('error', () => undefined)
  const subscription = client.subscribe(channel, {
    onEvent: ({ offset, data, by }) => {
      received.push({ offset, text: String(data), by })
      arrived()
    },
    onUnrecovered: ({ reason }) => troubles.push(`${name} was not recovered: ${reason}`),
  })
  await client.connect()
  await subscription.ready
  return { client, subscription, received }
}

let arrived: () => void = () => undefined

/** Fulfilled when every client has received the newest acknowledged event. */
async function everybodyHas(offset: number): Promise<void> {
  const isThere = () => parties.every(({ received }) => (received.at(-1)?.offset ?? 0) >= offset)
  await new Promise<void>((resolve) => {
    arrived = () => isThere() && resolve()
    arrived()
  })
}

function publish({ client }: Party, text: string): Promise<void> {
  return client
    .call('channels.publish', { channel, data: text })
    .then((place) => {
      acked.set(text, (place as { offset: number }).offset)
    })
    .catch((error) => {
      troubles.push(`${text}: ${String(error)}`)
    })
}

test('a server that is killed in the middle of fifty pipelining clients, twenty times, loses and doubles nothing', {
  timeout: 240_000,
}, async () => {
  for (let round = 0; round < rounds; round++) {
    const before = acked.size
    parties.forEach((party, index) => {
      for (let turn = 0; turn < perRound; turn++) sent.push(publish(party, `${round}/${index}/${turn}`))
    })
    // In the middle: some of this round are acknowledged, and most are not.
    while (acked.size < before + 20 + round * 10) await new Promise(setImmediate)
    await server.kill()
    await server.start()
  }
  await Promise.all(sent)
  expect(troubles).toEqual([])
  expect(acked.size).toBe(clients * perRound * rounds)
  await everybodyHas(Math.max(...acked.values()))
  const [first] = parties as [Party]
  const texts = first.received.map(({ text }) => text)
  expect(new Set(texts).size, 'no event twice').toBe(texts.length)
  for (const [text, offset] of acked) expect(texts[offset - 1], `the event promised at ${offset}`).toBe(text)
  for (const { received } of parties) {
    expect(received.map(({ offset }) => offset)).toEqual(texts.map((_, index) => index + 1))
    expect(received.map(({ text }) => text)).toEqual(texts)
  }
  expect(outOfOrder(texts)).toEqual([])
})

/** Texts of one publisher that stand behind a later one of the same round. */
function outOfOrder(texts: readonly string[]): string[] {
  const last = new Map<string, number>()
  return texts.filter((text) => {
    const [round, index, turn] = text.split('/')
    const key = `${round}/${index}`
    const isLate = Number(turn) < (last.get(key) ?? -1)
    last.set(key, Number(turn))
    return isLate
  })
}
