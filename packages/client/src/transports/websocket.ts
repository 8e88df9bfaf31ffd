import { jsonSubprotocol } from '@parley/protocol'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'

/** The part of the WebSocket interface that is used: that of browsers, Node ≥ 22, React Native and `ws`. */
export interface WebSocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
}

export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike

const open = 1

/**
 * WebSocket with the subprotocol `parley.v1.json`.
 *
 * @param WebSocket default: that of the platform, looked up when a link is opened
 */
export function websocketTransport(WebSocket?: WebSocketConstructor): ClientTransport {
  return {
    name: 'websocket',
    open(url, handlers) {
      const Socket = WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket
      if (Socket === undefined) {
        queueMicrotask(() =>
          handlers.closed(1006, 'There is no WebSocket here. Give the client the option `WebSocket`.'),
        )
        return closedLink
      }
      try {
        return link(new Socket(socketUrl(url), jsonSubprotocol), handlers)
      } catch (error) {
        // The constructor throws for a URL it does not like.
        queueMicrotask(() => handlers.closed(1006, error instanceof Error ? error.message : String(error)))
        return closedLink
      }
    },
  }
}

const closedLink: Link = { bufferedBytes: 0, send: () => undefined, close: () => undefined }

/** Relative URLs are taken from the page's; one without a path means the server's usual one. */
function socketUrl(text: string): string {
  const page = (globalThis as { location?: { readonly href: string } }).location?.href
  const url = new URL(text, page)
  if (url.pathname === '/') url.pathname = '/ws'
  return url.href.replace(/^http/, 'ws')
}

function link(socket: WebSocketLike, handlers: LinkHandlers): Link {
  let isOver = false
  socket.onopen = () => {
    if (!isOver) handlers.opened()
  }
  socket.onmessage = (event: { readonly data?: unknown }) => {
    if (!isOver && typeof event.data === 'string') handlers.received(event.data)
  }
  // `close` follows and says what is known.
  socket.onerror = () => undefined
  socket.onclose = (event: { readonly code?: number; readonly reason?: string }) => {
    if (isOver) return
    isOver = true
    handlers.closed(event.code ?? 1006, event.reason ?? '')
  }
  return {
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    send(text) {
      if (socket.readyState === open) socket.send(text)
    },
    close(code, reason) {
      if (isOver) return
      isOver = true
      socket.close(code, reason)
    },
  }
}
