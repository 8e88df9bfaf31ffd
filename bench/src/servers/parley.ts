// Our server with everything that a message passes: WebSocket, sessions, tokens, permissions, channels, SQLite. Rates
// are off, and limits are wide enough for a loader that is one client with many connections.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openSqliteStore } from '@parley/adapters/log-and-store/sqlite'
import { prometheusMetrics } from '@parley/adapters/metrics/prometheus'
import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import { httpTransport } from '@parley/adapters/transport/http'
import { websocketTransport } from '@parley/adapters/transport/websocket'
import { nodeVitals } from '@parley/adapters/vitals/node'
import { createNode, limitDefaults } from '@parley/kernel'
import { memoryRecentLog, silentLogger } from '@parley/kernel/memory'
import { channelsModule, operationsModule } from '@parley/modules'
import { benchKey } from '../token.ts'
import { report } from './report.ts'

const clock = systemClock()
const metrics = prometheusMetrics()
const logger = silentLogger
const patient = { connectTimeoutMs: 60_000, pingTimeoutMs: 60_000 }
const limits = { ...limitDefaults, maxConnectionsPerIp: 50_000, ...patient }
const overHttp = httpTransport({ limits, clock, logger, metrics })
const http = createServer((request, response) => {
  if (!overHttp.handle(request, response)) response.writeHead(404).end()
})
const unlimited = { perSecond: 0, burst: 0 }

const node = createNode({
  store: await openSqliteStore({ directory: process.argv[2] as string, clock, logger }),
  recentLog: memoryRecentLog({ clock }),
  authenticator: await jwtAuthenticator({
    keys: [{ app: 'default', algorithm: 'HS256', key: benchKey }],
    clock,
  }),
  transports: [websocketTransport({ server: http, limits, logger, metrics }), overHttp],
  modules: [
    channelsModule({
      kinds: {
        room: { durability: 'recent', presence: false },
        ledger: { durability: 'durable', presence: false },
      },
    }),
    operationsModule({ version: '0', vitals: nodeVitals(), maxConnections: limits.maxConnections }),
  ],
  clock,
  logger,
  metrics,
  limits,
  rates: { connection: unlimited, user: unlimited, ip: unlimited, app: unlimited, connectPerIp: unlimited },
})

await node.start()
http.listen(0, '127.0.0.1', 4_096, () => void report((http.address() as AddressInfo).port))
