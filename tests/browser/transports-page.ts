import { type ClientTransport, createClient } from '@parley/client'
import { msgpackTransport } from '@parley/client/msgpack'
import {
  httpStreamTransport,
  pollingTransport,
  sseTransport,
  websocketTransport,
} from '@parley/client/transports'

const transports: Readonly<Record<string, () => ClientTransport>> = {
  websocket: () => websocketTransport(),
  msgpack: () => msgpackTransport(),
  sse: () => sseTransport(),
  'http-stream': () => httpStreamTransport(),
  polling: () => pollingTransport(),
}

type Heard = Record<string, unknown[]>

/** Listens to a channel in every way that a page has. Fulfilled when all listen. */
async function listenTo(channel: string, token: string): Promise<Heard> {
  const heard: Heard = {}
  const clients = Object.entries(transports).map(async ([name, transport]) => {
    const list: unknown[] = []
    heard[name] = list
    const client = createClient({
      url: '/realtime',
      token,
      transport: transport(),
      reconnect: { baseMs: 50, capMs: 500 },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    const subscription = client.subscribe(channel, { onEvent: ({ data }) => list.push(data) })
    await client.connect()
    await subscription.ready
  })
  await Promise.all([...clients, listenPlainly(channel, token, heard)])
  return heard
}

/** As docs/guide/transports.md has it, without a client. */
async function listenPlainly(channel: string, token: string, heard: Heard): Promise<void> {
  const list: unknown[] = []
  heard.EventSource = list
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch('/realtime/tickets', { method: 'POST', body: '{}', headers })
  const { ticket } = (await answer.json()) as { ticket: string }
  const source = new EventSource(`/realtime/sse?channel=${channel}&ticket=${ticket}`)
  source.onmessage = ({ data }) => list.push((JSON.parse(data) as { data: unknown }).data)
  await new Promise((resolve) => source.addEventListener('subscribed', resolve, { once: true }))
}

Object.assign(globalThis, { listenTo })
