// Our server with a kind in each lane, for what happens when there is more to do than it can.
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { openSqliteStore } from '@parley/adapters/log-and-store/sqlite'
import { prometheusMetrics } from '@parley/adapters/metrics/prometheus'
import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import { websocketTransport } from '@parley/adapters/transport/websocket'
import { createNode, lanes, limitDefaults } from '@parley/kernel'
import { memoryRecentLog, silentLogger } from '@parley/kernel/memory'
import { channelsModule } from '@parley/modules'
import { benchKey } from '../token.ts'
import { report } from './report.ts'

const clock = systemClock()
const metrics = prometheusMetrics()
const logger = silentLogger
const http = createServer()
const limits = { ...limitDefaults, maxConnectionsPerIp: 50_000 }
const unlimited = { perSecond: 0, burst: 0 }
const tiers = lanes.map((lane) => [lane, { durability: 'recent', presence: false, lane }] as const)

const node = createNode({
  store: await openSqliteStore({ directory: process.argv[2] as string, clock, logger }),
  recentLog: memoryRecentLog({ clock }),
  authenticator: await jwtAuthenticator({
    keys: [{ app: 'default', algorithm: 'HS256', key: benchKey }],
    clock,
  }),
  transports: [websocketTransport({ server: http, limits, logger, metrics })],
  modules: [
    channelsModule({
      kinds: { room: { durability: 'recent', presence: false }, ...Object.fromEntries(tiers) },
    }),
  ],
  clock,
  logger,
  metrics,
  limits,
  rates: { connection: unlimited, user: unlimited, ip: unlimited, app: unlimited, connectPerIp: unlimited },
})

const sockets = new Set<Socket>()
let mostHeld = 0
http.on('connection', (socket) => {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
})
setInterval(() => {
  for (const { writableLength } of sockets) mostHeld = Math.max(mostHeld, writableLength)
}, 50)

await node.start()
http.listen(
  0,
  '127.0.0.1',
  4_096,
  () => void report((http.address() as AddressInfo).port, { mostHeld: () => mostHeld }),
)
