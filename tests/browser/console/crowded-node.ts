import { fileURLToPath } from 'node:url'
import { fastifyHttp } from '@parley/adapters/http/fastify'
import { systemClock } from '@parley/adapters/system-clock'
import { websocketTransport } from '@parley/adapters/transport/websocket'
import { nodeVitals } from '@parley/adapters/vitals/node'
import { mountRest } from '@parley/gateway'
import { createNode, Flags, type Identity, limitDefaults, type Module } from '@parley/kernel'
import {
  memoryMetrics,
  memoryRecentLog,
  memoryStore,
  memoryTransport,
  silentLogger,
} from '@parley/kernel/memory'
import { authModule, channelsModule, flagsModule, operationsModule } from '@parley/modules'

/** A node with many sessions over the memory transport, whose console is served over HTTP. */
export interface CrowdedNode {
  readonly url: string
  close(): Promise<void>
}

const unlimited = { perSecond: 0, burst: 0 }
const most = 200_000
const console = fileURLToPath(new URL('../../../apps/console/dist', import.meta.url))
/** Has what the pages of all applications load from the root. */
const workspace = fileURLToPath(new URL('../../../apps/workspace/dist', import.meta.url))

/** Tokens are identities as JSON in base64url: signing a hundred thousand is not what is tried here. */
const tokenOf = (identity: Identity) => Buffer.from(JSON.stringify(identity)).toString('base64url')

/** @param more modules beside those that the console needs */
export async function crowdedNode(count: number, more: readonly Module[] = []): Promise<CrowdedNode> {
  const [clock, metrics, flags] = [systemClock(), memoryMetrics(), new Flags()]
  const limits = { ...limitDefaults, maxConnections: most, maxConnectionsPerIp: most, pingTimeoutMs: 300_000 }
  const http = fastifyHttp({ port: 0, host: '127.0.0.1', logger: silentLogger, metrics })
  const memory = memoryTransport()
  const node = createNode({
    ...{ clock, metrics, flags, limits, logger: silentLogger },
    store: memoryStore({ clock }),
    recentLog: memoryRecentLog({ clock }),
    authenticator: {
      authenticate: async ({ token }) => JSON.parse(Buffer.from(token, 'base64url').toString()) as Identity,
    },
    rates: { connection: unlimited, user: unlimited, ip: unlimited, app: unlimited, connectPerIp: unlimited },
    transports: [memory, websocketTransport({ server: http.server, limits, logger: silentLogger, metrics })],
    modules: [
      authModule({
        developmentSignIn: {
          sign: async ({ user }) =>
            tokenOf({ app: 'default', role: 'user', user, grants: [{ pattern: '*', actions: ['*'] }] }),
          capabilities: () => ({}),
          lifetimeMs: 3_600_000,
        },
      }),
      channelsModule({ kinds: { live: { durability: 'ephemeral', presence: false } } }),
      flagsModule(flags),
      operationsModule({
        version: '0.0.0',
        vitals: nodeVitals(),
        settings: [{ name: 'port', value: 0, source: 'this test' }],
        maxConnections: most,
      }),
      ...more,
    ],
  })
  mountRest(http, node)
  http.files({ path: '/console', folder: console, fallback: 'index.html' })
  http.files({ path: '/', folder: workspace, fallback: 'index.html' })
  await node.start()
  for (let first = 0; first < count; first += 500)
    await Promise.all(Array.from({ length: 500 }, (_, member) => open(memory, `user-${first + member}`)))
  const url = await http.listen()
  const close = async () => {
    await node.stop({ graceMs: 100 })
    await http.close()
  }
  return { url, close }
}

function open(memory: ReturnType<typeof memoryTransport>, user: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = memory.connect()
    client.onMessage = (text) => {
      if (text.includes('{"op":"ping"}')) client.send('{"op":"pong"}')
      else if (text.includes('"id":1')) resolve()
    }
    client.onClose = (code, reason) => reject(new Error(`${user}: ${code} ${reason}`))
    const token = tokenOf({ app: 'default', role: 'user', user, grants: [] })
    client.send(JSON.stringify({ op: 'connect', id: 1, token }))
  })
}
