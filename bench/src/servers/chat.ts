// Our server with the modules that people meet: chat, presence, typing. Everything that a message passes is there; rates
// are off, and limits are wide enough for a loader that is one client with many connections.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openSqliteStore } from '@parley/adapters/log-and-store/sqlite'
import { prometheusMetrics } from '@parley/adapters/metrics/prometheus'
import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import { websocketTransport } from '@parley/adapters/transport/websocket'
import { createNode, limitDefaults } from '@parley/kernel'
import { memoryRecentLog, silentLogger } from '@parley/kernel/memory'
import { channelsModule, chatModule, presenceModule, typingModule } from '@parley/modules'
import { benchKey } from '../token.ts'
import { report } from './report.ts'
import { seeding } from './seeding.ts'

const clock = systemClock()
const metrics = prometheusMetrics()
const logger = silentLogger
const http = createServer()
const limits = { ...limitDefaults, maxConnectionsPerIp: 50_000 }
const unlimited = { perSecond: 0, burst: 0 }

const node = createNode({
  store: await openSqliteStore({ directory: process.argv[2] as string, clock, logger }),
  recentLog: memoryRecentLog({ clock }),
  authenticator: await jwtAuthenticator({
    keys: [{ app: 'default', algorithm: 'HS256', key: benchKey }],
    clock,
  }),
  transports: [websocketTransport({ server: http, limits, logger, metrics })],
  modules: [channelsModule({ kinds: {} }), chatModule(), presenceModule(), typingModule()],
  clock,
  logger,
  metrics,
  limits,
  rates: { connection: unlimited, user: unlimited, ip: unlimited, app: unlimited, connectPerIp: unlimited },
})

await node.start()
http.listen(0, '127.0.0.1', 4_096, () => void report((http.address() as AddressInfo).port, seeding(node)))
