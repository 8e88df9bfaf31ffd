import { jsonSubprotocol } from '@parley/protocol'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'

/** The part of the WebSocket interface that is used: that of browsers, Node ≥ 22, React Native and `ws`. */
export interface WebSocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  binaryType?: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike

const open = 1

/** How messages go over a WebSocket. */
export interface MessageCodec {
  readonly subprotocol: string
  readonly isBinary?: boolean
  /** From text to what is sent. */
  encode(text: string): string | Uint8Array<ArrayBuffer>
  /** Back; undefined for what is none of it. */
  decode(data: unknown): string | undefined
}

const json: MessageCodec = {
  subprotocol: jsonSubprotocol,
  encode: (text) => text,
  decode: (data) => (typeof data === 'string' ? data : undefined),
}

/**
 * WebSocket with the subprotocol `parley.v1.json`, or that of another codec.
 *
 * @param WebSocket default: that of the platform, looked up when a link is opened
 */
export function websocketTransport(WebSocket?: WebSocketConstructor, codec = json): ClientTransport {
  return {
    name: 'websocket',
    open(url, handlers) {
      const Socket = WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket
      if (Socket === undefined) {
        queueMicrotask(() => handlers.closed(1006, 'No WebSocket here: give a `WebSocket`.'))
        return closedLink
      }
      try {
        return link(new Socket(socketUrl(url), codec.subprotocol), handlers, codec)
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

function link(
  socket: WebSocketLike,
  handlers: LinkHandlers,
  { isBinary, encode, decode }: MessageCodec,
): Link {
  let isOver = false
  if (isBinary) socket.binaryType = 'arraybuffer'
  socket.onopen = () => {
    if (!isOver) handlers.opened()
  }
  socket.onmessage = (event: { readonly data?: unknown }) => {
    const text = isOver ? undefined : decode(event.data)
    if (text !== undefined) handlers.received(text)
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
      if (socket.readyState === open) socket.send(encode(text))
    },
    close(code, reason) {
      if (isOver) return
      isOver = true
      socket.close(code, reason)
    },
  }
}
