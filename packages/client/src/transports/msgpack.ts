import { msgpackSubprotocol, packMessage, unpackMessage } from '@parley/protocol/msgpack'
import type { ClientTransport } from '../transport.ts'
import { type WebSocketConstructor, websocketTransport } from './websocket.ts'

/**
 * WebSocket with MessagePack instead of JSON: `createClient({ transport: msgpackTransport() })`. Messages are some smaller, numbers
 * most of all; applications notice nothing else.
 *
 * @param WebSocket default: that of the platform, looked up when a link is opened
 */
export function msgpackTransport(WebSocket?: WebSocketConstructor): ClientTransport {
  return websocketTransport(WebSocket, {
    subprotocol: msgpackSubprotocol,
    isBinary: true,
    encode: (text) => packMessage(text) as Uint8Array<ArrayBuffer>,
    decode: (data) => (data instanceof ArrayBuffer ? unpackMessage(new Uint8Array(data)) : undefined),
  })
}
