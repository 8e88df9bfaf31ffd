import { jsonSubprotocol } from '@parley/protocol'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'

/** The part of a socket of `socket.io-client` that is used. */
export interface SocketIoSocket {
  readonly connected: boolean
  on(event: string, listener: (...args: never[]) => void): unknown
  emit(event: string, ...args: unknown[]): unknown
  disconnect(): unknown
}

/** `io` of `socket.io-client`. */
export type SocketIoClient = (
  url: string,
  options: {
    readonly path: string
    readonly auth: Readonly<Record<string, unknown>>
    readonly reconnection: boolean
    readonly forceNew: boolean
  },
) => SocketIoSocket

export interface SocketIoTransportOptions {
  readonly io: SocketIoClient
  /** Where the server takes clients of Socket.IO; default `/socket.io/`. */
  readonly path?: string | undefined
  /** Default `/`. */
  readonly namespace?: string | undefined
}

const abnormalClosure = 1006

/**
 * The way of Socket.IO, with its own fallbacks: for networks and proxies that are set up for it. What travels are the
 * frames of `parley.v1.json`; reconnecting is the client's own business.
 */
export function socketIoTransport(options: SocketIoTransportOptions): ClientTransport {
  return { name: 'socket.io', open: (url, handlers) => open(url, handlers, options) }
}

function open(
  text: string,
  handlers: LinkHandlers,
  { io, path = '/socket.io/', namespace = '/' }: SocketIoTransportOptions,
): Link {
  const page = (globalThis as { location?: { readonly href: string } }).location?.href
  const { origin } = new URL(new URL(text, page).href.replace(/^ws/, 'http'))
  const auth = { protocol: jsonSubprotocol }
  const socket = io(origin + namespace, { path, auth, reconnection: false, forceNew: true })
  let isOver = false
  let said: readonly [code: number, reason: string] | undefined
  const end = (code: number, reason: string) => {
    if (isOver) return
    isOver = true
    socket.disconnect()
    handlers.closed(code, reason)
  }
  socket.on('connect', () => {
    if (!isOver) handlers.opened()
  })
  socket.on('frame', (frame: unknown) => {
    if (!isOver && typeof frame === 'string') handlers.received(frame)
  })
  socket.on('close', (code: number, reason: string) => {
    said = [code, reason]
  })
  socket.on('connect_error', (error: Error) => end(abnormalClosure, error.message))
  socket.on('disconnect', (reason: string) => end(...(said ?? ([abnormalClosure, reason] as const))))
  return {
    // The library does not tell.
    bufferedBytes: 0,
    send(frame) {
      if (!isOver && socket.connected) socket.emit('frame', frame)
    },
    close(code) {
      if (isOver) return
      isOver = true
      if (socket.connected) socket.emit('close', code)
      socket.disconnect()
    },
  }
}
