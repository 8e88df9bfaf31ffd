import type { Buffer } from 'node:buffer'
import { randomInt } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import {
  type Accept,
  clientAddress,
  type Handshake,
  type Http,
  type Logger,
  type Metrics,
  type Relay,
  type Transport,
} from '@parley/kernel'
import { PusherApp } from './pusher/app.ts'
import { PusherClient } from './pusher/client.ts'
import { ClusterView } from './pusher/cluster-view.ts'
import { Batches } from './pusher/event-batch.ts'
import { mountHttpApi } from './pusher/http/http-api.ts'
import type { PusherHub } from './pusher/hub.ts'
import { codes, encodeMessage, maxMessageBytes } from './pusher/messages.ts'
import type { ClientServices, PusherSettings } from './pusher/services.ts'
import { Keyring, type PusherKey } from './pusher/signatures.ts'
import { WebSocketConnection } from './websocket/connection.ts'
import { checkHandshake, refusalOf, refuse, switchingProtocols } from './websocket/handshake.ts'
import { ReadTurns } from './websocket/read-turns.ts'

export type { HubEvent, HubStateEntry, Notice, Publication, PusherHub } from './pusher/hub.ts'
export { kindNames } from './pusher/names.ts'
export type { PusherSettings } from './pusher/services.ts'
export type { PusherKey } from './pusher/signatures.ts'

export interface PusherTransportOptions {
  /** Whose upgrade requests are answered; listening and closing it is the owner's part. */
  readonly server: Server
  /** Where the HTTP API is added. */
  readonly http: Http
  /** Keys of the apps that are served. Without one for an app, nobody reaches it by this wire. */
  readonly keys: readonly PusherKey[]
  readonly hub: PusherHub
  /** In front of `/app/KEY` and `/apps/ID`; default: nothing. */
  readonly prefixes?: readonly string[]
  readonly settings?: Partial<PusherSettings>
  /** Origins of pages that may connect: exact, `https://*.example.org`, `self` or `*`. Default: `self`. */
  readonly allowedOrigins?: readonly string[]
  /** Number of proxies in front whose `X-Forwarded-For` is believed; default 0. */
  readonly trustedProxies?: number
  readonly clock: ClientServices['clock']
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Defaults are those of Pusher, where it has any. */
export const pusherDefaults: PusherSettings = {
  activityTimeoutS: 120,
  pongTimeoutMs: 30_000,
  clientEvents: true,
  clientEventsPerSecond: 10,
  subscriptionCount: false,
  maxMembers: 1_000,
  cacheMs: 30 * 60 * 1_000,
  maxBufferedBytes: 1_048_576,
}

/** Looks so often for silent clients, or as often as a pong may take. */
const longestBeatMs = 5_000
const protocols = { oldest: 5, newest: 7 }

/**
 * The wire of Pusher Channels, protocols 5 to 7, as unmodified clients speak it over WebSocket, and the HTTP API that
 * back ends use. Every connection is a session of the node, every channel of Pusher's one of its channels.
 */
export function pusherTransport(options: PusherTransportOptions): Transport & {
  /** Ids of all nodes, this one first; empty before the start. */
  readonly nodes: readonly string[]
} {
  return new PusherTransport(options)
}

class PusherTransport implements Transport {
  readonly name = 'pusher'
  readonly #options: PusherTransportOptions
  readonly #keys: Keyring
  readonly #view = new ClusterView((app, prefix) => this.#apps.get(app)?.rooms.counts(prefix) ?? {})
  readonly #apps = new Map<string, PusherApp>()
  readonly #clients = new Set<PusherClient>()
  readonly #services: ClientServices
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #whenEmpty: (() => void) | undefined

  constructor(options: PusherTransportOptions) {
    this.#options = options
    this.#keys = new Keyring(options.keys)
    this.#logger = options.logger.child({ transport: this.name })
    this.#services = this.#makeServices()
    const requests = options.metrics.counter(
      'parley_pusher_http_requests_total',
      'Requests to the HTTP API of Pusher.',
      ['what'],
    )
    const parts = {
      ...{ keys: this.#keys, hub: options.hub, view: this.#view, now: options.clock.now },
      cacheMs: this.#services.settings.cacheMs,
      requested: (what: string) => requests.add(1, { what }),
    }
    for (const prefix of options.prefixes ?? ['']) mountHttpApi(options.http, prefix, parts)
    this.#listen(options.server)
  }

  #makeServices(): ClientServices {
    const { clock, metrics, hub, settings } = this.#options
    const messages = metrics.counter(
      'parley_pusher_messages_total',
      'What clients of Pusher asked for: subscribe, signin, client_event.',
      ['what'],
    )
    const refused = metrics.counter('parley_pusher_refused_total', 'What they were refused, by code.', [
      'code',
    ])
    metrics.gauge('parley_pusher_connections', 'Connections of clients of Pusher.', () => this.#clients.size)
    return {
      settings: { ...pusherDefaults, ...settings },
      ...{ keys: this.#keys, hub, batches: new Batches(), clock },
      ...{ maxMessageBytes, closeTimeoutMs: 3_000, reads: new ReadTurns() },
      hasPeers: () => this.#view.hasPeers,
      counted: (what) => messages.add(1, { what }),
      refused: (code) => refused.add(1, { code: String(code) }),
      gone: () => undefined,
      violated: (code) => refused.add(1, { code: String(code) }),
      failed: (error) =>
        this.#logger.error('A connection was closed, because handling its input failed.', { error }),
      left: (client) => {
        this.#clients.delete(client)
        if (this.#clients.size === 0) this.#whenEmpty?.()
      },
    }
  }

  get nodes(): readonly string[] {
    return this.#view.nodes
  }

  start(accept: Accept, relay?: Relay): void {
    const { keys, hub, clock } = this.#options
    this.#view.start(relay)
    for (const name of new Set(keys.map(({ app }) => app)))
      this.#apps.set(name, new PusherApp({ name, accept, hub, random: clock.random }))
    const beatMs = Math.min(longestBeatMs, this.#services.settings.pongTimeoutMs)
    this.#timer = setInterval(() => {
      const now = clock.now()
      for (const client of this.#clients) client.beat(now)
    }, beatMs).unref()
  }

  async answer(question: string): Promise<string> {
    return this.#view.answer(question)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const client of this.#clients) client.close(codes.overCapacity, 'The server is stopping.')
    for (const app of this.#apps.values()) app.stop()
    this.#apps.clear()
    // Each one ends in the time that it has for closing.
    if (this.#clients.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve))
  }

  /** Whoever listened before is asked about all other paths. */
  #listen(server: Server): void {
    const others = server.listeners('upgrade') as ((...given: unknown[]) => void)[]
    server.removeAllListeners('upgrade')
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const key = this.#keyOf(request)
      if (key !== undefined) {
        socket.on('error', ignoreError)
        this.#upgrade({ request, socket, head, key })
      } else for (const listener of others) listener.call(server, request, socket, head)
    })
  }

  #keyOf({ url = '' }: IncomingMessage): string | undefined {
    const path = url.split('?', 1)[0] as string
    const prefix = (this.#options.prefixes ?? ['']).find((start) => path.startsWith(`${start}/app/`))
    return prefix === undefined ? undefined : path.slice(prefix.length + '/app/'.length)
  }

  #upgrade(asked: {
    readonly request: IncomingMessage
    readonly socket: Socket
    readonly head: Buffer
    readonly key: string
  }): void {
    const { request, socket, head, key } = asked
    const { allowedOrigins = ['self'] } = this.#options
    const checked = checkHandshake(request, {
      allowedOrigins,
      subprotocolAliases: {},
      compresses: () => false,
    })
    if ('error' in checked) refuse(socket, checked)
    else if (!socket.readable || !socket.writable) socket.destroy()
    else {
      try {
        socket.setTimeout(0)
        socket.setNoDelay(true)
        socket.write(switchingProtocols(checked))
        this.#open(new WebSocketConnection(socket, this.#services), { request, head, key })
      } catch (error) {
        this.#logger.error('A connection could not be accepted.', { error })
        refuse(socket, refusalOf(error))
      }
    }
  }

  #open(
    connection: WebSocketConnection,
    {
      request,
      head,
      key,
    }: { readonly request: IncomingMessage; readonly head: Buffer; readonly key: string },
  ): void {
    const found = this.#keys.find(key)
    const app = found === undefined ? undefined : this.#apps.get(found.app)
    const refusal = this.#refusal(request, { isKnown: found !== undefined })
    if (refusal !== undefined || app === undefined) {
      turnAway(connection, head, refusal ?? [codes.overCapacity, 'The server is not ready. Connect again.'])
      return
    }
    const arrival = { app, socketId: newSocketId(), handshake: this.#describe(request) }
    const client = new PusherClient(this.#services, arrival, connection)
    this.#clients.add(client)
    connection.start(client, head)
    client.begin()
  }

  #refusal(
    request: IncomingMessage,
    { isKnown }: { readonly isKnown: boolean },
  ): readonly [number, string] | undefined {
    const protocol = new URLSearchParams(request.url?.split('?')[1]).get('protocol')
    if (protocol === null || !/^\d{1,3}$/.test(protocol))
      return [codes.noProtocol, 'Say which version of the protocol you speak: `?protocol=7`.']
    if (Number(protocol) < protocols.oldest || Number(protocol) > protocols.newest)
      return [
        codes.wrongProtocol,
        `Versions ${protocols.oldest} to ${protocols.newest} of the protocol are spoken here.`,
      ]
    if (!isKnown) return [codes.noSuchApp, 'There is no app with this key here.']
    return undefined
  }

  #describe(request: IncomingMessage): Handshake {
    const { origin, 'user-agent': userAgent, 'x-forwarded-for': forwarded } = request.headers
    return {
      transport: this.name,
      ip: clientAddress(request.socket.remoteAddress, forwarded, this.#options.trustedProxies ?? 0),
      ...(origin === undefined ? {} : { origin }),
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, 256) }),
    }
  }
}

/** Says why, and closes. */
function turnAway(
  connection: WebSocketConnection,
  head: Buffer,
  [code, message]: readonly [number, string],
): void {
  const nothing = () => undefined
  connection.start({ receive: nothing, drained: nothing, closed: nothing }, head)
  connection.send({ text: encodeMessage('pusher:error', { code, message }) })
  connection.close(code, message)
}

/** Two numbers, as back ends check it. */
function newSocketId(): string {
  const most = 2 ** 47
  return `${randomInt(1, most)}.${randomInt(1, most)}`
}

function ignoreError(): void {
  // The socket closes by itself after an error, and its `close` tells the rest.
}
