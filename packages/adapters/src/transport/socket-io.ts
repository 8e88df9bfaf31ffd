import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { Accept, Handshake, Logger, Metrics, Relay, Signer, Transport } from '@parley/kernel'
import type { SocketIoApplication } from './socket-io/application.ts'
import { channelApplication } from './socket-io/channel-application.ts'
import { Client, type ClientServices } from './socket-io/client.ts'
import { EngineServer } from './socket-io/engine-server.ts'
import type { EngineSession } from './socket-io/engine-session.ts'
import { Translation } from './socket-io/event-packets.ts'
import { FramePackets } from './socket-io/frame-socket.ts'
import { type KeptRecords, Recovery } from './socket-io/recovery.ts'
import type { ServedFile } from './socket-io/responses.ts'

export type {
  DisconnectReason,
  Entry,
  EntryRequest,
  SocketIoApplication,
  SocketListener,
} from './socket-io/application.ts'
export type { EngineSession, OpeningRequest } from './socket-io/engine-session.ts'
export { type Dress, type Envelope, packetTag, toJson } from './socket-io/event-packets.ts'
export { prefixOf } from './socket-io/packet.ts'
export type { KeptRecords } from './socket-io/recovery.ts'
export type { ServedFile } from './socket-io/responses.ts'
export type { EmitOptions, WireSocket } from './socket-io/wire-socket.ts'

export interface SocketIoTransportOptions {
  /** Whose requests below `paths` are answered; listening and closing it is the owner's part. */
  readonly server: Server
  /** Default: `/socket.io/`. */
  readonly paths?: readonly string[]
  /** Namespaces of the channels, where no other application is given; default `/`. */
  readonly namespaces?: readonly string[]
  /** What clients find behind the wire; default: the channels of the node. */
  readonly application?: SocketIoApplication
  /** Files below the paths, as the library for browsers: answers undefined for a name that is none. */
  readonly files?: ((name: string) => Promise<ServedFile | undefined>) | undefined
  /** Default: both. */
  readonly transports?: readonly ('polling' | 'websocket')[]
  /** Origins of pages that may connect: exact, `https://*.example.org`, `self` or `*`. Default: `self`. */
  readonly allowedOrigins?: readonly string[]
  /** Number of proxies in front whose `X-Forwarded-For` is believed; default 0. */
  readonly trustedProxies?: number
  /** Connection state recovery; without it clients that come back are new ones. */
  readonly recovery?: {
    /** Signs what clients bring back: the same on all nodes and over restarts. */
    readonly signer: Signer
    /** How long a client may be away, in ms; default two minutes. */
    readonly windowMs?: number
    /** Where later joins are kept over a crash, and for other nodes. Without it they are kept in memory. */
    readonly records?: KeptRecords
  }
  /** Default 25,000 and 20,000. */
  readonly pingIntervalMs?: number
  readonly pingTimeoutMs?: number
  /** Largest message and payload of a client in bytes; default 1,000,000. */
  readonly maxPayloadBytes?: number
  /** Connections at a time, also of clients that have entered no namespace yet; default 100,000. */
  readonly maxSessions?: number
  /** Default 45,000. */
  readonly connectTimeoutMs?: number
  readonly logger: Logger
  readonly metrics: Metrics
}

const sweepMs = 10_000

/**
 * The wire of Socket.IO: Engine.IO protocol 4 over polling and WebSocket, Socket.IO protocol 5, as unmodified clients
 * of versions 3 and 4 speak it. Every socket is a session of the node, every room a channel.
 */
export function socketIoTransport(options: SocketIoTransportOptions): Transport {
  return new SocketIoTransport(options)
}

class SocketIoTransport implements Transport {
  readonly name = 'socket.io'
  readonly #engine: EngineServer
  readonly #recovery: Recovery | undefined
  readonly #application: SocketIoApplication
  #services: ClientServices | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: SocketIoTransportOptions) {
    const { recovery, metrics } = options
    const logger = options.logger.child({ transport: this.name })
    const secret = () => randomBytes(15).toString('base64url')
    this.#recovery =
      recovery === undefined
        ? undefined
        : new Recovery({
            ...{ signer: recovery.signer, records: recovery.records, secret },
            windowMs: recovery.windowMs ?? 120_000,
          })
    const opened = metrics.counter('parley_socket_io_opened_total', 'Sessions of Engine.IO opened.')
    this.#application = options.application ?? channelApplication(options.namespaces ?? ['/'])
    const shared = {
      application: this.#application,
      translation: new Translation(),
      packets: new FramePackets(),
      recovery: this.#recovery,
      secret,
      connectTimeoutMs: options.connectTimeoutMs ?? 45_000,
      describe: (engine: EngineSession) => describe(engine),
      failed: (error: unknown) =>
        logger.error('A connection was closed, because handling its input failed.', { error }),
    }
    this.#makeServices = (accept) => ({ ...shared, accept })
    this.#engine = new EngineServer({
      server: options.server,
      paths: options.paths ?? ['/socket.io/'],
      transports: options.transports ?? ['polling', 'websocket'],
      allowedOrigins: options.allowedOrigins ?? ['self'],
      trustedProxies: options.trustedProxies ?? 0,
      pingIntervalMs: options.pingIntervalMs ?? 25_000,
      pingTimeoutMs: options.pingTimeoutMs ?? 20_000,
      maxPayloadBytes: options.maxPayloadBytes ?? 1_000_000,
      secret,
      files: options.files,
      refusal: () =>
        this.#services === undefined || this.#engine.size >= (options.maxSessions ?? 100_000)
          ? 503
          : undefined,
      opened: (session) => {
        opened.add()
        new Client(this.#services as ClientServices, session)
      },
    })
  }

  readonly #makeServices: (accept: Accept) => ClientServices

  start(accept: Accept, relay?: Relay): void {
    this.#services = this.#makeServices(accept)
    this.#recovery?.start(relay)
    this.#engine.start(relay)
    this.#application.started?.(relay)
    this.#timer = setInterval(() => this.#recovery?.sweep(), sweepMs).unref()
  }

  /** What the same transport of another node asks: for a session of this node, or for a place that it holds. */
  answer(question: string): Promise<string> {
    const { fence, app } = JSON.parse(question) as { readonly fence?: string; readonly app?: string }
    if (app !== undefined) return this.#application.asked?.(app) ?? Promise.resolve('')
    if (fence !== undefined) return this.#recovery?.surrender(fence) ?? Promise.resolve('')
    return this.#engine.answer(question)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#services = undefined
    this.#engine.stop()
  }
}

function describe(engine: EngineSession): Handshake {
  const { rawHeaders, address } = engine.request
  const headerOf = (wanted: string) => {
    const index = rawHeaders.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === wanted)
    return index < 0 ? undefined : rawHeaders[index + 1]
  }
  const [origin, userAgent] = [headerOf('origin'), headerOf('user-agent')]
  return {
    transport: 'socket.io',
    ip: address,
    ...(origin === undefined ? {} : { origin }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, 256) }),
  }
}
