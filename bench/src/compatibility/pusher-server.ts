// Our server with the wire of Pusher; clients may publish as fast as they can.
import { fastifyHttp } from '@parley/adapters/http/fastify'
import { openSqliteStore } from '@parley/adapters/log-and-store/sqlite'
import { prometheusMetrics } from '@parley/adapters/metrics/prometheus'
import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import { kindNames, pusherTransport } from '@parley/adapters/transport/pusher'
import { createNode, limitDefaults } from '@parley/kernel'
import { memoryRecentLog, silentLogger } from '@parley/kernel/memory'
import { channelsModule, pusherModule } from '@parley/modules'
import { pusherKey } from '../loader/pusher-wire.ts'
import { report } from '../servers/report.ts'

const clock = systemClock()
const metrics = prometheusMetrics()
const logger = silentLogger
const http = fastifyHttp({ port: 0, logger })
const module = pusherModule()
const unlimited = { perSecond: 0, burst: 0 }

const node = createNode({
  store: await openSqliteStore({ directory: process.argv[2] as string, clock, logger }),
  recentLog: memoryRecentLog({ clock }),
  authenticator: await jwtAuthenticator({ keys: [], clock }),
  transports: [
    pusherTransport({
      ...{ http, server: http.server, keys: [pusherKey], hub: module.desk, clock, logger, metrics },
      settings: { clientEventsPerSecond: 1_000_000_000 },
    }),
  ],
  modules: [
    channelsModule({
      kinds: Object.fromEntries(Object.values(kindNames).map((kind) => [kind, { durability: 'recent' }])),
    }),
    module,
  ],
  ...{ clock, logger, metrics },
  limits: { ...limitDefaults, maxConnectionsPerIp: 50_000, connectTimeoutMs: 60_000, pingTimeoutMs: 60_000 },
  rates: { connection: unlimited, user: unlimited, ip: unlimited, app: unlimited, connectPerIp: unlimited },
})

await node.start()
const url = await http.listen()
void report(Number(new URL(url).port))
