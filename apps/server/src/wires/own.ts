import type { FastifyHttp } from '@parley/adapters/http/fastify'
import { httpTransport } from '@parley/adapters/transport/http'
import { websocketTransport } from '@parley/adapters/transport/websocket'
import {
  type Clock,
  type Flags,
  type Logger,
  limitDefaults,
  type Metrics,
  type Transport,
} from '@parley/kernel'
import { jsonSubprotocol } from '@parley/protocol'
import type { Config } from '../config.ts'

interface TransportSurroundings {
  readonly http: FastifyHttp
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly flags: Flags
}

/** The ways for clients to reach the server, all on its one port. */
export function transportsOf(
  { limits, websocketPaths: paths, allowedOrigins, trustedProxies, subprotocols, compression }: Config,
  { http, clock, logger, metrics, flags }: TransportSurroundings,
): readonly Transport[] {
  const shared = {
    ...{ paths, allowedOrigins, trustedProxies, logger, metrics },
    limits: { ...limitDefaults, ...limits },
  }
  const overHttp = httpTransport({ ...shared, clock })
  http.intercept((request, response) => overHttp.handle(request, response))
  return [
    websocketTransport({
      ...shared,
      server: http.server,
      compression: {
        isOn: () => compression.enabled && flags.isOn('eventCompression'),
        thresholdBytes: compression.thresholdBytes,
      },
      subprotocolAliases: Object.fromEntries(subprotocols.map((name) => [name, jsonSubprotocol])),
    }),
    overHttp,
  ]
}
