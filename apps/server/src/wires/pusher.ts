import type { Server } from 'node:http'
import { type PusherKey, pusherTransport } from '@parley/adapters/transport/pusher'
import { pusherWebhook } from '@parley/adapters/webhook/pusher'
import type { Clock, Http, Logger, Metrics, Transport } from '@parley/kernel'
import { type PusherModule, pusherModule } from '@parley/modules'
import type { Config } from '../config.ts'
import type { DevelopmentAccess } from '../development.ts'

interface Surroundings {
  readonly http: Http & { readonly server: Server }
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly development: DevelopmentAccess | undefined
}

/** The wire of Pusher Channels as the configuration says, and the module that publishes and tells by webhooks. */
export function pusherParts(
  config: Config,
  { http, clock, logger, metrics, development }: Surroundings,
): { readonly transports: readonly Transport[]; readonly modules: readonly PusherModule[] } {
  const { pusher, allowedOrigins, trustedProxies } = config
  if (!pusher.enabled) return { transports: [], modules: [] }
  const { webhooks, vacatedDelayMs, prefixes, activityTimeoutMs, ...settings } = pusher
  const keys = keysOf(config, development)
  const module = pusherModule({
    ...{ webhooks, vacatedDelayMs },
    send: pusherWebhook({ keyOf: (app) => keys.find((key) => key.app === app) }),
    nodes: () => transport.nodes,
  })
  const transport = pusherTransport({
    ...{ http, server: http.server, clock, logger, metrics, keys, prefixes, allowedOrigins, trustedProxies },
    hub: module.desk,
    settings: {
      activityTimeoutS: Math.max(Math.round(activityTimeoutMs / 1_000), 1),
      pongTimeoutMs: settings.pongTimeoutMs,
      clientEvents: settings.clientEvents,
      clientEventsPerSecond: settings.clientEventsPerSecond,
      subscriptionCount: settings.subscriptionCount,
      maxMembers: settings.maxMembers,
      cacheMs: settings.cacheMs,
    },
  })
  return { transports: [transport], modules: [module] }
}

/** Both sides sign, so the secrets themselves are needed. */
function keysOf(config: Config, development: DevelopmentAccess | undefined): readonly PusherKey[] {
  const made = development?.made.apiKey
  const isTaken = config.apiKeys.some(({ id }) => id === made?.id)
  return [
    ...config.pusherKeys.map(({ app, id, secret }) => ({ app, id, secret: secret() })),
    ...(made === undefined || isTaken ? [] : [{ app: 'default', id: made.id, secret: made.secret }]),
  ]
}
