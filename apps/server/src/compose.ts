import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fastifyHttp, type HostServer } from '@parley/adapters/http/fastify'
import { prometheusMetrics } from '@parley/adapters/metrics/prometheus'
import { systemClock } from '@parley/adapters/system-clock'
import { jwtAuthenticator } from '@parley/adapters/token/jwt'
import { nodeVitals } from '@parley/adapters/vitals/node'
import { authorizeWebhook } from '@parley/adapters/webhook/authorize'
import { mountAsyncApi, mountHealth, mountMetrics, mountOpenApi, mountRest } from '@parley/gateway'
import {
  type Authenticator,
  type Clock,
  createNode,
  Flags,
  type Http,
  type Logger,
  limitDefaults,
  type Module,
  type Node,
  type Transport,
} from '@parley/kernel'
import { memoryRecentLog } from '@parley/kernel/memory'
import {
  authModule,
  channelsModule,
  chatModule,
  deliveryModule,
  type FilesOptions,
  filesModule,
  flagsModule,
  operationsModule,
  presenceModule,
  typingModule,
} from '@parley/modules'
import { readCertificate, watchCertificate } from './certificate.ts'
import type { Config } from './config.ts'
import { type DevelopmentAccess, developmentAccess } from './development.ts'
import { filesOptions } from './files.ts'
import { openStore } from './stores.ts'
import { openTracer } from './tracing.ts'
import { version } from './version.ts'
import { transportsOf } from './wires/own.ts'
import { pusherParts } from './wires/pusher.ts'
import { kindsOf } from './wires/pusher-kinds.ts'
import { socketIoParts } from './wires/socket-io.ts'
import { switchable } from './wires/switchable.ts'

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  readonly node: Node
  /** Keys that the server made for itself, in development. */
  readonly development: DevelopmentAccess | undefined
  /** Pages for people that are served: those that were built. */
  readonly pages: Readonly<Record<'workspace' | 'console', boolean>>
  /** Tells clients to go elsewhere, finishes what was accepted, frees port and data. */
  close(): Promise<void>
}

/** A server of somebody else, of which ours is a part. */
export interface Place {
  readonly server: HostServer['server']
  /** Whether the REST API and its description are served. */
  readonly rest: boolean
  /** Whether `/health` and `/ready` are. */
  readonly health: boolean
  /** Modules and transports beside our own. */
  readonly modules: readonly Module[]
  readonly transports: readonly Transport[]
  /** Whom the place knows besides. */
  readonly authenticatorOver: (ours: Authenticator) => Authenticator
  /** The other server begins to close. */
  readonly closing: () => void
}

/** Where visitors meet in development. */
const firstRoom = { id: 'general', title: 'General', topic: 'Everything and nothing' }

/**
 * Puts a server together and starts it. Two of them can live in one process.
 *
 * @throws Error that says what to do, when a part cannot start; nothing is left open then
 */
export async function startServer(config: Config, logger: Logger, place?: Place): Promise<RunningServer> {
  const { limits, trustedProxies, allowedOrigins, tls } = config
  const clock = systemClock()
  const metrics = prometheusMetrics()
  const flags = new Flags(config.flags)
  const development = await developmentAccess(config)
  const tokens = await jwtAuthenticator({
    ...{ clock, ...config.tokens },
    keys: [...config.keys, ...(development?.keys ?? [])],
    apiKeys: [...config.apiKeys, ...(development?.apiKeys ?? [])],
  })
  const authenticator = place?.authenticatorOver(tokens) ?? tokens
  const http = fastifyHttp({
    port: config.port,
    host: config.host,
    trustedProxies,
    logger,
    metrics,
    ...(tls === undefined ? {} : { tls: readCertificate(tls) }),
    ...(place === undefined ? {} : { within: hostOf(place, config) }),
    allowedOrigins: allowedOrigins.filter((origin) => origin !== 'self'),
  })
  const files = await filesOptions(config, logger)
  const store = await openStore(config, { clock, logger })
  const tracer = await openTracer(config)
  const ownTransports = transportsOf(config, { http, clock, logger, metrics, flags })
  // Behind our own: they ask those before them about paths that are not theirs.
  const pusher = pusherParts(config, { http, clock, logger, metrics, development })
  const socketIo = socketIoParts(config, { server: http.server, logger, metrics })
  const node = createNode({
    ...{ store, authenticator, clock, logger, metrics, flags, limits, tracer },
    operationLog: config.debugging ? logger : undefined,
    recentLog: memoryRecentLog({ clock }),
    apps: config.apps,
    rates: config.rates,
    transports: [
      ...ownTransports,
      ...[...pusher.transports, ...socketIo.transports].map((wire) => switchable(wire, flags)),
      ...(place?.transports ?? []),
    ],
    modules: [
      ...modulesOf(config, { clock, flags, development, files }),
      ...pusher.modules,
      ...socketIo.modules,
      ...(place?.modules ?? []),
    ],
  })
  if (place?.rest !== false) mountApi(http, node, config)
  if (place?.health !== false) mountHealth(http, node, clock)
  if (config.metricsEnabled)
    mountMetrics(http, node, { render: metrics.render, access: config.metricsAccess })
  const pages = place === undefined ? mountAllPages(http) : { workspace: false, console: false }
  const unwatch = tls && watchCertificate(tls, { renew: http.renew, logger })
  const close = async () => {
    unwatch?.()
    await node.stop({ graceMs: config.stopGraceMs, ...config.drain })
    await http.close()
    await tracer?.close()
  }
  try {
    await node.start()
    const url = await http.listen()
    return { url, node, development, pages, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Transports are found below their paths, everything else by its route. */
function hostOf({ server, closing }: Place, { websocketPaths, socketIo }: Config): HostServer {
  return { server, closing, trees: [...websocketPaths, ...(socketIo.enabled ? socketIo.paths : [])] }
}

function mountApi(http: Http, node: Node, { websocketPaths }: Config): void {
  mountRest(http, node)
  mountOpenApi(http, node, { version })
  mountAsyncApi(http, node, { version, path: websocketPaths[0] ?? '/realtime' })
}

function mountAllPages(http: Http): RunningServer['pages'] {
  mountPages(http, 'docs', '/docs', '404.html')
  return {
    workspace: mountPages(http, 'workspace', '/'),
    console: mountPages(http, 'console', '/console'),
  }
}

/** Serves an application that was built; answers whether it was. */
function mountPages(http: Http, app: string, path: string, fallback = 'index.html'): boolean {
  const folder = fileURLToPath(new URL(`../../${app}/dist`, import.meta.url))
  const isBuilt = existsSync(join(folder, 'index.html'))
  if (isBuilt) http.files({ path, folder, fallback })
  return isBuilt
}

export interface Surroundings {
  readonly clock: Clock
  readonly flags: Flags
  readonly development: DevelopmentAccess | undefined
  readonly files: FilesOptions
}

/** What the server can do: one line a module. */
export function modulesOf(
  config: Config,
  { clock, flags, development, files }: Surroundings,
): readonly Module[] {
  const typing = typingModule(config.typing)
  return [
    authModule({ maxTokenLifetimeMs: config.tokens.maxLifetimeMs, developmentSignIn: development?.signIn }),
    channelsModule({
      ...{ kinds: kindsOf(config), flags },
      ...(config.authorize === undefined
        ? {}
        : { authorize: authorizeWebhook({ ...config.authorize, clock }) }),
    }),
    flagsModule(flags),
    deliveryModule(),
    chatModule({ onSend: typing.finished, openRoom: development === undefined ? undefined : firstRoom }),
    presenceModule(config.presence),
    typing,
    filesModule(files),
    operationsModule({
      ...{ version, vitals: nodeVitals(), isMonitored: config.monitoring },
      settings: config.settingsInForce.map(({ key, ...setting }) => ({ name: key, ...setting })),
      keys: [...config.keysInForce, ...(development?.keysInForce ?? [])],
      maxConnections: config.limits.maxConnections ?? limitDefaults.maxConnections,
    }),
  ]
}
