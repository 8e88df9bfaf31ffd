import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type {
  Http,
  HttpContent,
  HttpRequest,
  HttpResponse,
  HttpStreamRoute,
  Logger,
  Metrics,
  StaticFiles,
} from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { answerContent } from './fastify/content.ts'
import { type Cors, corsFor } from './fastify/cors.ts'
import { errorResponse, refuseConnection } from './fastify/error-response.ts'
import { enterHost, OwnPaths } from './fastify/guest.ts'
import { foreignHost } from './fastify/host-check.ts'
import { type HttpLimits, httpLimitDefaults } from './fastify/http-limits.ts'
import {
  createListener,
  explainListen,
  type Intercept,
  type ListenerOptions,
  renewIdentity,
  type TlsIdentity,
} from './fastify/listener.ts'
import { requestMeter } from './fastify/request-meter.ts'
import { answerFile } from './fastify/static-files.ts'
import { begunStream, bodyOf, watchStream } from './fastify/streaming.ts'

export interface FastifyHttpOptions {
  /** Default 3001; 0 takes a free one. */
  readonly port?: number
  /** Default `127.0.0.1`: this machine only. */
  readonly host?: string
  readonly limits?: Partial<HttpLimits>
  /** Number of proxies in front whose `X-Forwarded-For` is believed; default 0. */
  readonly trustedProxies?: number
  /** Origins of pages elsewhere that may use the API: exact, `https://*.example.org` or `*`. Default: none. */
  readonly allowedOrigins?: readonly string[]
  /** Policy for the pages served here. */
  readonly contentSecurityPolicy?: string
  /** Certificate and key as PEM; with them the port speaks HTTP/2 and HTTP/1.1 over TLS, and nothing else. */
  readonly tls?: TlsIdentity
  /** A server of somebody else whose guest this one is: it opens no port, and is gone when the other is closed. */
  readonly within?: HostServer
  readonly logger: Logger
  /** Where requests are counted. */
  readonly metrics?: Metrics
}

/** A server that stands, and what a guest takes of it besides its routes. */
export interface HostServer {
  readonly server: Server
  /** Everything at and below these paths: those of transports. */
  readonly trees: readonly string[]
  /** The host begins to close. */
  readonly closing: () => void
}

/**
 * Connections that the operating system holds while the process is busy. Thousands of clients come back at once after a
 * restart; whoever finds no room here asks again after 1, 3 and 7 s. The system may allow less (`somaxconn`).
 */
const backlog = 16_384

/** An HTTP server for the gateway and for transports that begin with an HTTP request. */
export interface FastifyHttp extends Http {
  /** For transports: they answer its `upgrade` events. */
  readonly server: Server
  /** Gives a transport all requests first; it answers those that are its own. */
  intercept(intercept: Intercept): void
  /** From here on new connections get another certificate; those that stand keep theirs. */
  renew(tls: TlsIdentity): void
  /**
   * Opens the port, or takes its part of the other server, and answers the URL: empty for that of the other.
   *
   * @throws Error that says what to do, when the port is taken or may not be used
   */
  listen(): Promise<string>
  /** Finishes requests under way, for `closeTimeoutMs` at most, and closes the port. */
  close(): Promise<void>
}

const defaultPolicy = [
  "default-src 'self'",
  // Component libraries write style elements; scripts come from files only.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const requestIdPattern = /^[\w.:-]{1,128}$/

/** An HTTP server on fastify. */
export function fastifyHttp(options: FastifyHttpOptions): FastifyHttp {
  const limits = { ...httpLimitDefaults, ...options.limits }
  const { port = 3001, host = '127.0.0.1', logger } = options
  const folders: StaticFiles[] = []
  const intercepts: Intercept[] = []
  const app = createApp(options, limits, intercepts)
  app.server.maxHeadersCount = limits.maxHeaders
  const cors = corsFor(options.allowedOrigins ?? [])
  // What somebody else lets in may have any name.
  const takesAnyHost = options.within !== undefined || (options.trustedProxies ?? 0) > 0
  app.addHook('onRequest', (request, _reply, done) => {
    done(takesAnyHost ? undefined : foreignHost(host, request.headers.host))
  })
  app.addHook(
    'onRequest',
    (request, reply, done) =>
      answerEarly(request, reply, { cors, policy: options.contentSecurityPolicy ?? defaultPolicy }) || done(),
  )
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.isStream !== true) limitBody(request, limits.requestTimeoutMs)
    done()
  })
  if (options.metrics !== undefined) app.addHook('onResponse', requestMeter(options.metrics))
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, logger))
  app.setNotFoundHandler(
    async (request, reply) =>
      (await sendFile(folders, request, reply)) ?? sendError(notFound(request), request, reply, logger),
  )
  const { within } = options
  const ownPaths = new OwnPaths(within?.trees ?? [])
  let leave = () => {}
  return {
    server: app.server,
    intercept: (intercept) => intercepts.push(intercept),
    renew: (tls) => renewIdentity(app.server, tls),
    route({ method, path, handler }) {
      ownPaths.add(path)
      app.route({
        method,
        url: urlPattern(path),
        handler: async (request, reply) => send(reply, await handler(describe(request))),
      })
    },
    stream(route) {
      ownPaths.add(route.path)
      addStreamRoute(app, route, limits)
    },
    files(files) {
      folders.push(files)
      folders.sort((left, right) => right.path.length - left.path.length)
    },
    async listen() {
      if (within === undefined) return listenOn(app, { port, host, isTls: options.tls !== undefined })
      await app.ready()
      const owns = (path: string) => ownPaths.owns(path)
      leave = enterHost(within.server, { server: app.server, owns, hostCloses: within.closing })
      return ''
    },
    async close() {
      leave()
      // What has not finished by then keeps nobody waiting; sockets of transports are theirs to close.
      const timer = setTimeout(() => app.server.closeAllConnections(), limits.closeTimeoutMs).unref()
      await app.close()
      clearTimeout(timer)
    },
  }
}

async function listenOn(
  app: FastifyInstance,
  { port, host, isTls }: { readonly port: number; readonly host: string; readonly isTls: boolean },
): Promise<string> {
  try {
    await app.listen({ port, host, backlog })
  } catch (error) {
    throw explainListen(error, port, host)
  }
  const { port: bound } = app.server.address() as AddressInfo
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}`
}

function createApp(
  options: FastifyHttpOptions,
  limits: HttpLimits,
  intercepts: readonly Intercept[],
): FastifyInstance {
  const proxies = options.trustedProxies ?? 0
  const app = fastify({
    logger: false,
    serverFactory: (handler) => createListener(listenerOptions(options, limits), intercepts, handler),
    bodyLimit: limits.maxBodyBytes,
    handlerTimeout: limits.handlerTimeoutMs,
    forceCloseConnections: 'idle',
    // A request that comes while the port is being closed gets the answer of its route, which says to try again.
    return503OnClosing: false,
    trustProxy: proxies > 0 && ((_address: string, hop: number) => hop < proxies),
    // Ids of channels may have 200 characters of any script, percent-encoded.
    routerOptions: { maxParamLength: 4_096 },
    requestIdHeader: false,
    genReqId: requestId,
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) =>
      sendError(error, request, reply as FastifyReply, options.logger),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json(?:;|$)/,
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => parseJson(body),
  )
  return app as unknown as FastifyInstance
}

function listenerOptions({ tls }: FastifyHttpOptions, limits: HttpLimits): ListenerOptions {
  return {
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      // How often timeouts are looked at; Node's own 30 s would make them much longer than they say.
      connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
    },
    keepAliveTimeoutMs: limits.keepAliveTimeoutMs,
    ...(tls === undefined ? {} : { tls }),
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Requests of the route take the time they need. */
    readonly isStream?: boolean
  }
}

/** A body that does not come in time is given up. */
function limitBody({ raw }: FastifyRequest, timeoutMs: number): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = raw.headers
  if (length === '0' && encoding === undefined) return
  const timer = setTimeout(
    () => refuseConnection({ ...new Error(), code: 'ERR_HTTP_REQUEST_TIMEOUT' }, raw.socket),
    timeoutMs,
  ).unref()
  raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}

function addStreamRoute(app: FastifyInstance, route: HttpStreamRoute, limits: HttpLimits): void {
  const { method, path, maxBodyBytes = 0, handler } = route
  const { requestTimeoutMs: idleTimeoutMs, streamTimeoutMs } = limits
  void app.register(async (scope) => {
    // Nothing reads the body but the route.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    scope.route({
      method: method === 'GET' ? ['GET', 'HEAD'] : method,
      url: urlPattern(path),
      config: { isStream: true },
      handlerTimeout: streamTimeoutMs,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const { raw } = request
        const signal = watchStream(raw, reply.raw, { idleTimeoutMs, streamTimeoutMs })
        const { body: _, ...described } = describe(request)
        const answer = await handler({ ...described, signal, bytes: bodyOf(raw, maxBodyBytes) })
        return 'status' in answer ? send(reply, answer) : sendContent(answer, request, reply)
      },
    })
  })
}

async function sendContent(
  content: HttpContent,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { 'if-none-match': ifNoneMatch, range, 'if-range': ifRange } = request.headers
  const asked = { method: request.method, ifNoneMatch, range, ifRange: ifRange as string | undefined }
  const answer = answerContent(content, asked)
  // What cannot be read from the start is answered as an error, with none of these headers.
  const stream = answer.range && (await begunStream(content.read(answer.range)))
  return reply.code(answer.status).headers(answer.headers).send(stream)
}

/** Fastify's way to write a path. */
function urlPattern(path: string): string {
  return path.replaceAll(':', '::').replace(/\{(\w+)\}/g, ':$1')
}

function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID()
}

function parseJson(body: string): unknown {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    throw new ParleyError('bad_request', 'The body is not valid JSON.')
  }
}

/** Sets the headers of every answer, and answers a browser's preflight. Tells whether the request is answered. */
function answerEarly(
  request: FastifyRequest,
  reply: FastifyReply,
  rules: { cors: Cors; policy: string },
): boolean {
  const { origin } = request.headers
  const isPreflight =
    request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  reply.headers({
    'x-request-id': request.id,
    'content-security-policy': rules.policy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(isPreflight ? rules.cors.preflight(origin) : rules.cors.headers(origin)),
  })
  if (isPreflight) void reply.code(204).send()
  return isPreflight
}

function describe(request: FastifyRequest): HttpRequest {
  return {
    id: request.id,
    method: request.method,
    path: pathOf(request),
    params: request.params as Readonly<Record<string, string>>,
    query: request.query as Readonly<Record<string, string | readonly string[]>>,
    headers: request.headers,
    body: request.body,
    // Who has gone meanwhile has no address any more.
    ip: (request.ip ?? '').replace(/^::ffff:(?=\d+\.)/i, ''),
  }
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/'
}

function send(reply: FastifyReply, { status, headers = {}, body }: HttpResponse): FastifyReply {
  reply.code(status).headers(headers)
  if (body === undefined) return reply.send()
  if (typeof body === 'string' || body instanceof Uint8Array) return reply.send(body)
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}

function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const { isDefect, ...response } = errorResponse(error)
  if (isDefect)
    logger.error('A request failed.', {
      requestId: request.id,
      method: request.method,
      path: pathOf(request),
      error,
    })
  return send(reply, response)
}

function notFound(request: FastifyRequest): ParleyError {
  return new ParleyError(
    'not_found',
    `There is nothing at ${request.method} ${pathOf(request).slice(0, 200)}. The API is described at /docs/api.`,
  )
}

async function sendFile(
  folders: readonly StaticFiles[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  const { accept = '', 'if-none-match': ifNoneMatch, 'accept-encoding': encodings } = request.headers
  for (const files of folders) {
    const answer = await answerFile(files, {
      method: request.method,
      path: pathOf(request),
      accept,
      ifNoneMatch,
      acceptEncoding: String(encodings ?? ''),
    })
    if (answer !== undefined) return reply.code(answer.status).headers(answer.headers).send(answer.stream)
  }
  return undefined
}
