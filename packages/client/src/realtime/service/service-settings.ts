import { ParleyError } from '@parley/protocol'
import type { Clock, Network } from '../../platform.ts'
import type { WebSocketConstructor } from '../../transports/websocket.ts'
import { RealtimeError } from '../realtime-error.ts'

/** What holds for all endpoints. */
export interface ServiceSettings {
  /** `ws:`, `wss:`, `http:` or `https:`; in a page also a path. Default: the server of the page. Needed in Node. */
  readonly url?: string | undefined
  /** A token, or what gives one: asked for each connection and before a token expires. Default: none. */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** Servers of other origins that a page may connect to from security level `high` on: `https://api.example.org`. */
  readonly trustedOrigins?: readonly string[] | undefined
  /** How often monitored connections are measured and `metrics_update` is told, in ms. Default 5,000. */
  readonly metricsIntervalMs?: number | undefined
  /** How long `disconnect` waits for messages on their way, in ms. Default 5,000. */
  readonly closingMs?: number | undefined
  /** Whether events are logged where `process.env.NODE_ENV` is `development`. Elsewhere never. Default true. */
  readonly debug?: boolean | undefined
  /** Where the platform has none, or to use others. */
  readonly WebSocket?: WebSocketConstructor | undefined
  readonly fetch?: typeof fetch | undefined
  readonly clock?: Clock | undefined
  readonly network?: Network | undefined
}

/** @throws RealtimeError `BAD_REQUEST` when there is no address, or one that cannot be connected to */
export function serverUrl(text: string | undefined, page: string | undefined): URL {
  if (text === undefined && page === undefined)
    throw refused('Outside of a page the service has to be told where the server is: `initialize({ url })`.')
  const given = text ?? '/'
  const url = URL.parse(given, page)
  if (url === null || !/^(wss?|https?):$/.test(url.protocol))
    throw refused(`\`${given}\` is no address of a server: \`wss://example.org\` would be one.`)
  return url
}

function refused(message: string): RealtimeError {
  return RealtimeError.from(new ParleyError('bad_request', message))
}
