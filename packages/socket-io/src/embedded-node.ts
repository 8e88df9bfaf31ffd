import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { join } from 'node:path'
import { hmacSigner } from '@parley/adapters/hash/node'
import { systemClock } from '@parley/adapters/system-clock'
import { type SocketIoApplication, socketIoTransport } from '@parley/adapters/transport/socket-io'
import {
  type Authenticator,
  createNode,
  type Durability,
  defineKind,
  type Kind,
  type Logger,
  type ModuleServices,
  type Node,
  type Store,
} from '@parley/kernel'
import { memoryMetrics, memoryRecentLog, memoryStore, silentLogger } from '@parley/kernel/memory'
import { socketsModule } from '@parley/modules'
import { ParleyError } from '@parley/protocol'
import { clientFile } from './client-files.ts'
import type { RoomEvent } from './emission.ts'
import { roomKind } from './rooms/room-channels.ts'
import type { CorsOptions, ServerOptions } from './server-options.ts'

/** The node under a server: everything that Socket.IO leaves to its adapters is its business. */
export interface EmbeddedNode {
  readonly node: Node
  /** @throws ParleyError when the node is not running, or takes no more */
  publish(event: RoomEvent): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const app = 'default'
const unlimited = { perSecond: 0, burst: 0 }
const minute = 60_000

/** Makes the node of a server. Nothing runs before `start`. */
export function embeddedNode(
  options: ServerOptions,
  parts: { readonly server: HttpServer; readonly application: SocketIoApplication; readonly token: string },
): EmbeddedNode {
  const clock = systemClock()
  const log = silentLogger
  const metrics = memoryMetrics()
  const { cluster } = options
  let store: Store | undefined
  let services: ModuleServices | undefined
  const sockets = socketsModule({
    kinds: [roomKindOf(options)],
    started: (given) => {
      services = given
    },
  })
  const transport = socketIoTransport({
    ...{ server: parts.server, application: parts.application, logger: log, metrics },
    maxSessions: roomyLimits.maxConnections,
    ...wireOptions(options),
    ...recoveryOptions(options, sockets.records),
  })
  const open = async (): Promise<Node> => {
    store = cluster?.store ?? (await openStore(options, { clock, logger: log }))
    return createNode({
      ...{ store, clock, metrics, logger: log, authenticator: authenticatorOf(parts.token) },
      recentLog: cluster?.recentLog ?? memoryRecentLog({ clock }),
      ...(cluster === undefined ? {} : { broker: cluster.broker }),
      transports: [transport],
      modules: [sockets],
      limits: roomyLimits,
      rates: {
        connection: unlimited,
        user: unlimited,
        ip: unlimited,
        app: unlimited,
        connectPerIp: unlimited,
      },
    })
  }
  return new RunningNode(open, () => services)
}

class RunningNode implements EmbeddedNode {
  readonly #open: () => Promise<Node>
  readonly #services: () => ModuleServices | undefined
  #node: Node | undefined
  #starting: Promise<void> | undefined

  constructor(open: () => Promise<Node>, services: () => ModuleServices | undefined) {
    this.#open = open
    this.#services = services
  }

  get node(): Node {
    if (this.#node === undefined) throw new ParleyError('unavailable', 'The server has not started.')
    return this.#node
  }

  start(): Promise<void> {
    this.#starting ??= (async () => {
      this.#node = await this.#open()
      await this.#node.start()
    })()
    return this.#starting
  }

  async publish(event: RoomEvent): Promise<void> {
    if (this.#services() === undefined) await this.start()
    await this.#services()?.run(app, (ctx) => void ctx.append(event))
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    await this.#node?.stop()
  }
}

/** Rooms of an application may be as large as it likes. */
const roomyLimits = {
  maxConnections: 10_000_000,
  maxConnectionsPerIp: 10_000_000,
  maxSubscriptionsPerSession: 1_000_000,
  maxRequestsInFlight: 1_000_000,
}

/** Kept in memory, or on disk where there is a directory; not at all where nodes share no log. */
function durabilityOf({ dataDir, cluster, connectionStateRecovery }: ServerOptions): Durability {
  if (dataDir !== undefined && connectionStateRecovery !== undefined) return 'durable'
  if (cluster === undefined || cluster.recentLog?.isShared === true) return 'recent'
  return connectionStateRecovery === undefined ? 'ephemeral' : 'durable'
}

function roomKindOf(options: ServerOptions): Kind {
  const windowMs = options.connectionStateRecovery?.maxDisconnectionDuration ?? 2 * minute
  const hasRecovery = options.connectionStateRecovery !== undefined
  return defineKind('sockets', roomKind, {
    durability: durabilityOf(options),
    ...{ presence: false, filters: false, inOrder: true },
    access: { read: 'granted', write: 'backend', presence: 'backend', manage: 'backend' },
    // Who reads slowly catches up from here, and so does who was away.
    retention: {
      maxEvents: hasRecovery ? 100_000 : 10_000,
      maxAgeMs: hasRecovery ? Math.max(windowMs * 2, minute) : minute,
      maxBytes: hasRecovery ? 64 * 1024 * 1024 : 8 * 1024 * 1024,
    },
    limits: { maxEventBytes: 64 * 1024 * 1024, maxSubscribers: 10_000_000 },
  })
}

/** Clients are the application's: it lets them in, and its sockets may read what it has them join. */
function authenticatorOf(token: string): Authenticator {
  return {
    authenticate: async (credentials) => {
      if (credentials.token !== token) throw new ParleyError('unauthenticated')
      return { app, role: 'user', grants: [{ pattern: '*', actions: ['read'] }] }
    },
  }
}

function wireOptions(options: ServerOptions) {
  const { pingInterval, pingTimeout, maxHttpBufferSize, connectTimeout, transports, trustedProxies } = options
  const path = `/${(options.path ?? '/socket.io').replace(/^\/|\/$/g, '')}/`
  return {
    paths: [path],
    allowedOrigins: originsOf(options.cors),
    ...(options.serveClient === false ? {} : { files: clientFile }),
    ...(transports === undefined ? {} : { transports }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
    ...(pingInterval === undefined ? {} : { pingIntervalMs: pingInterval }),
    ...(pingTimeout === undefined ? {} : { pingTimeoutMs: pingTimeout }),
    ...(maxHttpBufferSize === undefined ? {} : { maxPayloadBytes: maxHttpBufferSize }),
    ...(connectTimeout === undefined ? {} : { connectTimeoutMs: connectTimeout }),
  }
}

function originsOf(cors: CorsOptions | undefined): readonly string[] {
  const { origin } = cors ?? {}
  if (origin === true) return ['*']
  if (origin === undefined || origin === false) return ['self']
  return ['self', ...(typeof origin === 'string' ? [origin] : origin)]
}

function recoveryOptions(
  options: ServerOptions,
  records: ReturnType<typeof socketsModule>['records'],
): Pick<Parameters<typeof socketIoTransport>[0], 'recovery'> {
  const { connectionStateRecovery: recovery, dataDir } = options
  if (recovery === undefined) return {}
  const secret = recovery.secret ?? keptSecret(dataDir)
  return {
    recovery: {
      signer: hmacSigner(secret),
      records,
      windowMs: recovery.maxDisconnectionDuration ?? 2 * minute,
    },
  }
}

/** Made on first use and kept, so that clients may come back after a restart. */
function keptSecret(dataDir: string | undefined): string {
  const made = randomBytes(32).toString('base64url')
  if (dataDir === undefined) return made
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, 'socket-io-secret')
  try {
    writeFileSync(path, made, { flag: 'wx', mode: 0o600 })
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(path, 'utf8').trim()
}

async function openStore(
  { dataDir }: ServerOptions,
  surroundings: { readonly clock: ReturnType<typeof systemClock>; readonly logger: Logger },
): Promise<Store> {
  if (dataDir === undefined) return memoryStore(surroundings)
  // Code of a database that nobody asked for is not loaded.
  const { openSqliteStore } = await import('@parley/adapters/log-and-store/sqlite')
  return openSqliteStore({ directory: dataDir, ...surroundings })
}
