import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { clientAddress, originAllowed, type Relay } from '@parley/kernel'
import { switchingProtocols } from '../websocket/handshake.ts'
import { textFrame } from '../websocket/server-frame.ts'
import { type EngineHome, EngineSession, type OpeningRequest } from './engine-session.ts'
import { answerRelayed, relayRequest } from './relayed-polling.ts'
import {
  bodyOf,
  type EngineError,
  refuse,
  refuseUpgrade,
  type ServedFile,
  sendFile,
  sendPayload,
} from './responses.ts'
import { Corks, WebSocketLine } from './web-socket-line.ts'

export interface EngineOptions {
  readonly server: Server
  readonly paths: readonly string[]
  readonly transports: readonly ('polling' | 'websocket')[]
  readonly allowedOrigins: readonly string[]
  readonly trustedProxies: number
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly maxPayloadBytes: number
  readonly secret: () => string
  readonly files: ((name: string) => Promise<ServedFile | undefined>) | undefined
  /** A client has opened a session. Answers why not, if it may not. */
  readonly opened: (session: EngineSession) => void
  /** Why nobody may open a session now: `undefined` when they may. */
  readonly refusal: (request: OpeningRequest) => number | undefined
}

const sweepMs = 1_000
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const keyPattern = /^[+/0-9A-Za-z]{22}==$/

/** Answers Engine.IO requests (protocol 4) on some paths of an HTTP server, and leaves all others to whom they went before. */
export class EngineServer implements EngineHome {
  readonly pingIntervalMs: number
  readonly pingTimeoutMs: number
  readonly maxPayloadBytes: number
  readonly #options: EngineOptions
  readonly #sessions = new Map<string, EngineSession>()
  readonly #corks = new Corks()
  #relay: Relay | undefined
  #setStarted: () => void = () => undefined
  readonly #started = new Promise<void>((resolve) => {
    this.#setStarted = resolve
  })
  #timer: NodeJS.Timeout | undefined

  constructor(options: EngineOptions) {
    this.#options = options
    this.pingIntervalMs = options.pingIntervalMs
    this.pingTimeoutMs = options.pingTimeoutMs
    this.maxPayloadBytes = options.maxPayloadBytes
    this.#listen(options.server)
  }

  start(relay: Relay | undefined): void {
    this.#relay = relay
    this.#timer = setInterval(() => this.#sweep(), sweepMs).unref()
    this.#setStarted()
  }

  stop(): void {
    this.#setStarted()
    clearInterval(this.#timer)
    for (const session of [...this.#sessions.values()]) session.close('server shutting down')
  }

  now(): number {
    return performance.now()
  }

  get size(): number {
    return this.#sessions.size
  }

  find(id: string): EngineSession | undefined {
    return this.#sessions.get(id)
  }

  gone(session: EngineSession): void {
    this.#sessions.delete(session.id)
  }

  /** Takes a request that another node was asked. */
  answer(question: string): Promise<string> {
    return answerRelayed(this, question)
  }

  #sweep(): void {
    const now = this.now()
    for (const session of this.#sessions.values()) session.beat(now)
  }

  /** Whoever listened before is asked about all other paths. */
  #listen(server: Server): void {
    const requests = server.listeners('request') as ((...given: unknown[]) => void)[]
    const upgrades = server.listeners('upgrade') as ((...given: unknown[]) => void)[]
    server.removeAllListeners('request')
    server.removeAllListeners('upgrade')
    server.on('request', (request, response) => {
      const file = this.#fileOf(request)
      if (this.#isOurs(request)) void this.#request(request, response)
      else if (file !== undefined) void sendFile(response, this.#options.files?.(file))
      else for (const listener of requests) listener.call(server, request, response)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', ignoreError)
      if (this.#isOurs(request)) void this.#started.then(() => this.#upgrade(request, socket, head))
      else if (upgrades.length > 0)
        for (const listener of upgrades) listener.call(server, request, socket, head)
      else if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, 404, 'badRequest')
    })
  }

  #isOurs(request: IncomingMessage): boolean {
    const path = request.url?.split('?', 1)[0] ?? ''
    return this.#options.paths.some((ours) => path === ours || path === ours.replace(/\/$/, ''))
  }

  #fileOf({ url = '' }: IncomingMessage): string | undefined {
    if (this.#options.files === undefined) return undefined
    const path = url.split('?', 1)[0] as string
    const ours = this.#options.paths.find((start) => start.endsWith('/') && path.startsWith(start))
    const name = path.slice(ours?.length ?? path.length)
    return name === '' ? undefined : name
  }

  /** Requests that come before the node is ready wait for it. */
  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#started
    const { headers } = request
    const cors = this.#corsHeaders(headers.origin)
    if (!originAllowed(headers.origin, headers.host, this.#options.allowedOrigins)) {
      refuse(response, 403, 'forbidden')
      return
    }
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value)
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return
    }
    const query = queryOf(request)
    const problem = this.#problem(query, 'polling')
    const id = query.get('sid')
    if (problem !== undefined) refuse(response, 400, problem)
    else if (id === null) this.#openByPolling(request, response)
    else await this.#poll(id, request, response)
  }

  #corsHeaders(origin: string | undefined): Record<string, string> {
    if (origin === undefined) return {}
    // Where every page may come, none of them comes with what the browser knows of its visitor.
    const isForAll = this.#options.allowedOrigins.includes('*')
    return {
      'Access-Control-Allow-Origin': origin,
      ...(isForAll ? {} : { 'Access-Control-Allow-Credentials': 'true' }),
      'Access-Control-Allow-Headers': 'Content-Type, Authorization',
      'Access-Control-Allow-Methods': 'GET, POST',
      Vary: 'Origin',
    }
  }

  #problem(query: URLSearchParams, transport: 'polling' | 'websocket'): EngineError | undefined {
    const isKnown = query.get('transport') === transport && this.#options.transports.includes(transport)
    if (!isKnown) return 'unknownTransport'
    return query.get('EIO') === '4' ? undefined : 'badVersion'
  }

  #openByPolling(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'GET') {
      refuse(response, 400, 'badMethod')
      return
    }
    const opening = this.#describe(request)
    const status = this.#options.refusal(opening)
    if (status !== undefined) {
      refuse(response, status, 'forbidden')
      return
    }
    const session = this.#open(opening)
    sendPayload(response, this.#greeting(session))
    this.#options.opened(session)
  }

  #describe(request: IncomingMessage): OpeningRequest {
    return {
      url: request.url ?? '/',
      rawHeaders: request.rawHeaders,
      address: clientAddress(
        request.socket.remoteAddress,
        request.headers['x-forwarded-for'],
        this.#options.trustedProxies,
      ),
      isSecure: (request.socket as TLSSocket).encrypted === true,
      at: Date.now(),
    }
  }

  /** The id names the node, so that another one knows whom to ask. */
  #open(opening: OpeningRequest): EngineSession {
    const node = this.#relay?.node ?? ''
    const session = new EngineSession(this, `${this.#options.secret()}.${node}`, opening)
    this.#sessions.set(session.id, session)
    return session
  }

  #greeting(session: EngineSession): string {
    const { pingIntervalMs: pingInterval, pingTimeoutMs: pingTimeout, maxPayloadBytes: maxPayload } = this
    const canUpgrade = session.transport === 'polling' && this.#options.transports.includes('websocket')
    const upgrades = canUpgrade ? ['websocket'] : []
    return `0${JSON.stringify({ sid: session.id, upgrades, pingInterval, pingTimeout, maxPayload })}`
  }

  async #poll(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = this.#sessions.get(id)
    if (session === undefined) {
      await relayRequest(this.#relay, { id, request, response, maxBytes: this.maxPayloadBytes })
      return
    }
    if (request.method === 'GET') pollHere(session, response)
    else if (request.method === 'POST') await this.#post(session, request, response)
    else refuse(response, 400, 'badMethod')
  }

  async #post(session: EngineSession, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const payload = await bodyOf(request, this.maxPayloadBytes)
    if (payload === undefined) {
      response.writeHead(413, { Connection: 'close' }).end()
      session.close('transport error')
    } else if (session.posted(payload)) response.writeHead(200, { 'Content-Type': 'text/html' }).end('ok')
    else refuse(response, 400, 'badRequest')
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { headers } = request
    const key = headers['sec-websocket-key'] ?? ''
    const query = queryOf(request)
    const id = query.get('sid')
    const isHandshake = headers.upgrade?.toLowerCase() === 'websocket' && keyPattern.test(key)
    const problem = isHandshake ? this.#problem(query, 'websocket') : 'badRequest'
    if (problem !== undefined) refuseUpgrade(socket, 400, problem)
    else if (!originAllowed(headers.origin, headers.host, this.#options.allowedOrigins))
      refuseUpgrade(socket, 403, 'forbidden')
    else if (id !== null && !this.#sessions.has(id)) refuseUpgrade(socket, 400, 'unknownSession')
    else
      this.#switch({ request, socket, head, key, session: id === null ? undefined : this.#sessions.get(id) })
  }

  #switch(asked: {
    readonly request: IncomingMessage
    readonly socket: Socket
    readonly head: Buffer
    readonly key: string
    readonly session: EngineSession | undefined
  }): void {
    const { request, socket, head, key } = asked
    const opening = asked.session === undefined ? this.#describe(request) : undefined
    const status = opening === undefined ? undefined : this.#options.refusal(opening)
    if (status !== undefined) {
      refuseUpgrade(socket, status, 'forbidden')
      return
    }
    const session = asked.session ?? this.#open(opening as OpeningRequest)
    const line = new WebSocketLine(socket, session, { maxBytes: this.maxPayloadBytes, corks: this.#corks })
    if (asked.session !== undefined && !session.tried(line)) {
      refuseUpgrade(socket, 400, 'badRequest')
      return
    }
    const accept = createHash('sha1')
      .update(key + guid)
      .digest('base64')
    socket.setTimeout(0)
    socket.setNoDelay(true)
    socket.write(switchingProtocols({ accept, subprotocol: undefined, token: undefined }))
    if (asked.session === undefined) {
      session.begin(line)
      socket.write(textFrame(this.#greeting(session)))
      this.#options.opened(session)
    }
    line.start(head)
  }
}

/** Answers a request for packets when there are some. */
function pollHere(session: EngineSession, response: ServerResponse): void {
  const poll = { answer: (payload: string) => sendPayload(response, payload) }
  if (!session.polled(poll)) refuse(response, 400, 'badRequest')
  else response.once('close', () => session.pollEnded(poll))
}

function queryOf(request: IncomingMessage): URLSearchParams {
  const { url = '' } = request
  const mark = url.indexOf('?')
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
}

function ignoreError(): void {
  // The socket closes by itself after an error, and its `close` tells the rest.
}
