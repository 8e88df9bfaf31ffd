import type { Buffer } from 'node:buffer'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import {
  type Accept,
  clientAddress,
  type Handshake,
  type Limits,
  type Logger,
  type Metrics,
  type Transport,
} from '@parley/kernel'
import { closeCodes, ParleyError } from '@parley/protocol'
import { type ConnectionHome, WebSocketConnection } from './websocket/connection.ts'
import {
  type AcceptedHandshake,
  checkHandshake,
  type HandshakeRules,
  refusalOf,
  refuse,
  switchingProtocols,
} from './websocket/handshake.ts'
import { ReadTurns } from './websocket/read-turns.ts'
import type { Encoding } from './websocket/server-frame.ts'

export interface WebSocketTransportOptions {
  /** Whose upgrade requests are answered; listening and closing it is the owner's part. */
  readonly server: Server
  /** Paths that connect; default `/realtime` and `/ws`. */
  readonly paths?: readonly string[]
  readonly limits: Pick<Limits, 'maxFrameBytes'>
  /** Origins of pages that may connect: exact, `https://*.example.org`, `self` or `*`. Default: `self`. */
  readonly allowedOrigins?: readonly string[]
  /** Further names of subprotocols: `{ 'edu-matrix-v1': 'parley.v1.json' }`. */
  readonly subprotocolAliases?: Readonly<Record<string, string>>
  /** Compression by permessage-deflate (RFC 7692); without it none is agreed on. */
  readonly compression?: CompressionOptions
  /** Number of proxies in front whose `X-Forwarded-For` is believed; default 0. */
  readonly trustedProxies?: number
  /** How long a client has to finish a close, in ms; default 3,000. */
  readonly closeTimeoutMs?: number
  readonly logger: Logger
  readonly metrics: Metrics
}

export interface CompressionOptions {
  /** Whether clients that offer it may have it, asked at each handshake. */
  readonly isOn: () => boolean
  /** Batches with fewer bytes are not compressed; default 1,024. */
  readonly thresholdBytes?: number
}

const notReadyRetryMs = 1_000

/**
 * WebSocket (RFC 6455) on an HTTP server: messages of `maxFrameBytes` at most, in JSON or MessagePack, compressed where both sides want it. Origin,
 * subprotocol and headers are checked, and the node asked, before the upgrade; refusals are HTTP answers with an error body.
 */
export function websocketTransport(options: WebSocketTransportOptions): Transport {
  return new WebSocketTransport(options)
}

class WebSocketTransport implements Transport, ConnectionHome {
  readonly name = 'websocket'
  readonly maxMessageBytes: number
  readonly closeTimeoutMs: number
  readonly reads = new ReadTurns()
  readonly #leastCompressedBytes: number
  readonly #server: Server
  readonly #paths: ReadonlySet<string>
  readonly #rules: HandshakeRules
  readonly #trustedProxies: number
  readonly #logger: Logger
  readonly #refused
  readonly #violations
  readonly #connections = new Set<WebSocketConnection>()
  #accept: Accept | undefined
  #whenEmpty: (() => void) | undefined

  constructor(options: WebSocketTransportOptions) {
    this.maxMessageBytes = options.limits.maxFrameBytes
    this.closeTimeoutMs = options.closeTimeoutMs ?? 3_000
    this.#leastCompressedBytes = options.compression?.thresholdBytes ?? 1_024
    this.#server = options.server
    this.#paths = new Set(options.paths ?? ['/realtime', '/ws'])
    this.#rules = {
      allowedOrigins: options.allowedOrigins ?? ['self'],
      subprotocolAliases: options.subprotocolAliases ?? {},
      compresses: options.compression?.isOn ?? (() => false),
    }
    this.#trustedProxies = options.trustedProxies ?? 0
    this.#logger = options.logger.child({ transport: this.name })
    const { metrics } = options
    this.#refused = metrics.counter('parley_websocket_refused_total', 'Handshakes refused, by HTTP status.', [
      'status',
    ])
    this.#violations = metrics.counter(
      'parley_websocket_violations_total',
      'Connections closed for breaking the WebSocket protocol, by close code.',
      ['code'],
    )
    // From here on, and after `stop`, so that early and late clients are told to come again.
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#upgrade(request, socket, head),
    )
  }

  start(accept: Accept): void {
    this.#accept = accept
  }

  async stop(): Promise<void> {
    this.#accept = undefined
    for (const connection of this.#connections)
      connection.close(closeCodes.server_stopping, 'The server is stopping.')
    // Each one ends within `closeTimeoutMs`.
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve))
  }

  gone(connection: WebSocketConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  violated(code: number): void {
    this.#violations.add(1, { code: String(code) })
  }

  failed(error: unknown): void {
    this.#logger.error('A connection was closed, because handling its input failed.', { error })
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', ignoreError)
    const path = request.url?.split('?', 1)[0] ?? ''
    if (!this.#paths.has(path)) {
      // Others may listen for other paths; the only listener has to answer.
      if (this.#server.listenerCount('upgrade') === 1)
        this.#refuse(
          socket,
          new ParleyError('not_found', `No WebSocket here. Connect to ${[...this.#paths].join(' or ')}.`),
        )
      return
    }
    if (this.#accept === undefined)
      this.#refuse(
        socket,
        new ParleyError('unavailable', 'The server is not ready. Try again.', {
          retryAfterMs: notReadyRetryMs,
        }),
      )
    else this.#open(request, socket, head)
  }

  #open(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const checked = checkHandshake(request, this.#rules)
    if ('error' in checked) {
      this.#refused.add(1, { status: String(checked.status) })
      refuse(socket, checked)
      return
    }
    // A client that is gone already.
    if (!socket.readable || !socket.writable) {
      socket.destroy()
      return
    }
    const connection = new WebSocketConnection(socket, this, this.#encodingOf(checked))
    try {
      const handler = (this.#accept as Accept)(connection, this.#describe(request, checked.token))
      this.#connections.add(connection)
      socket.setTimeout(0)
      socket.setNoDelay(true)
      connection.start(handler, head, switchingProtocols(checked))
    } catch (error) {
      if (!(error instanceof ParleyError))
        this.#logger.error('A connection could not be accepted.', { error })
      this.#refuse(socket, error)
    }
  }

  /** Undefined for plain text, so that most connections have nothing more to remember. */
  #encodingOf({ isPacked, extension }: AcceptedHandshake): Encoding | undefined {
    const leastCompressedBytes = extension === undefined ? undefined : this.#leastCompressedBytes
    return isPacked || leastCompressedBytes !== undefined ? { isPacked, leastCompressedBytes } : undefined
  }

  #describe(request: IncomingMessage, token: string | undefined): Handshake {
    const { origin, 'user-agent': userAgent, 'x-forwarded-for': forwarded } = request.headers
    return {
      transport: this.name,
      ip: clientAddress(request.socket.remoteAddress, forwarded, this.#trustedProxies),
      ...(token === undefined ? {} : { token }),
      ...(origin === undefined ? {} : { origin }),
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, 256) }),
    }
  }

  #refuse(socket: Socket, error: unknown): void {
    const refusal = refusalOf(error)
    this.#refused.add(1, { status: String(refusal.status) })
    refuse(socket, refusal)
  }
}

function ignoreError(): void {
  // The socket closes by itself after an error, and its `close` tells the rest.
}
