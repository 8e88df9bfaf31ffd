import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createSecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import type { Server as SecureServer } from 'node:tls'

/** Certificate and key of a server, as PEM. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
}

/** A transport's part of a server: answers the requests that are its own, and leaves the others alone. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean

export interface ListenerOptions {
  readonly http: ServerOptions
  readonly keepAliveTimeoutMs: number
  /** With it the port speaks TLS: HTTP/2 and HTTP/1.1, as the client chooses. */
  readonly tls?: TlsIdentity
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Streams that one HTTP/2 connection may have open: links of a page, and its requests. */
const maxStreams = 256
/** An HTTP/2 connection on which nothing moves for so long is closed; the pings of links move it. */
const sessionIdleMs = 120_000

/** The server under the framework: `handler` gets what no intercept wants. */
export function createListener(
  options: ListenerOptions,
  intercepts: readonly Intercept[],
  handler: Handler,
): Server {
  const { http, keepAliveTimeoutMs: keepAliveTimeout, tls } = options
  const serve: Handler = (request, response) => {
    for (const intercept of intercepts) if (intercept(request, response)) return
    handler(request, response)
  }
  if (tls === undefined) return createServer({ ...http, keepAliveTimeout, requestTimeout: 0 }, serve)
  const settings = { maxConcurrentStreams: maxStreams }
  const server = createSecureServer({
    ...http,
    ...tls,
    allowHTTP1: true,
    settings,
    requestTimeout: 0,
  } as object)
  server.on('session', (session) => session.setTimeout(sessionIdleMs, () => session.close()))
  const sockets = new Set<Socket>()
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  // Requests of HTTP/2 have classes of their own, with the methods of the usual ones.
  server.on('request', serve as never)
  const closeAllConnections = () => {
    for (const socket of sockets) socket.destroy()
  }
  return Object.assign(server as unknown as Server, { keepAliveTimeout, closeAllConnections })
}

/** From here on new connections get another certificate. Nothing happens on a server without TLS. */
export function renewIdentity(server: Server | SecureServer, { cert, key }: TlsIdentity): void {
  if ('setSecureContext' in server) server.setSecureContext({ cert, key })
}

/** What keeps a server from listening, with what to do about it. */
export function explainListen(error: unknown, port: number, host: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const change = 'choose another one: PORT in the environment, or --port.'
  if (code === 'EADDRINUSE')
    return new Error(`Port ${port} of ${host} is in use. Stop the program that has it, or ${change}`, {
      cause: error,
    })
  if (code === 'EACCES')
    return new Error(`This user may not open port ${port}. Ports below 1024 need rights; ${change}`, {
      cause: error,
    })
  if (code === 'EADDRNOTAVAIL')
    return new Error(`The address ${host} is not one of this machine. Change HOST or --host.`, {
      cause: error,
    })
  return error
}
