import type { Server } from 'node:http'
import { hmacSigner } from '@parley/adapters/hash/node'
import { socketIoTransport } from '@parley/adapters/transport/socket-io'
import type { Logger, Metrics, Transport } from '@parley/kernel'
import { type SocketsModule, socketsModule } from '@parley/modules'
import type { Config } from '../config.ts'
import { keptSecret } from '../kept-secret.ts'

interface Surroundings {
  readonly server: Server
  readonly logger: Logger
  readonly metrics: Metrics
}

/** The wire of Socket.IO as the configuration says, and the module that keeps its clients' places. */
export function socketIoParts(
  config: Config,
  { server, logger, metrics }: Surroundings,
): { readonly transports: readonly Transport[]; readonly modules: readonly SocketsModule[] } {
  const { socketIo, allowedOrigins, trustedProxies } = config
  if (!socketIo.enabled) return { transports: [], modules: [] }
  const module = socketsModule()
  const transport = socketIoTransport({
    ...{ server, logger, metrics, allowedOrigins, trustedProxies },
    paths: socketIo.paths,
    ...(config.limits.maxConnections === undefined ? {} : { maxSessions: config.limits.maxConnections }),
    namespaces: socketIo.namespaces.map((name) => (name.startsWith('/') ? name : `/${name}`)),
    recovery: {
      signer: hmacSigner(socketIo.secret ?? keptSecret(config, 'socket-io-secret')),
      windowMs: socketIo.recoveryMs,
      records: module.records,
    },
  })
  return { transports: [transport], modules: [module] }
}
