import type { ErrorBody } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import { monitoredTransport } from '../health/monitored-transport.ts'
import type { ClientTransport } from '../transport.ts'
import { fallbackTransport } from '../transports/fallback.ts'
import { httpStreamTransport } from '../transports/http-stream.ts'
import { pollingTransport } from '../transports/polling.ts'
import { socketIoTransport } from '../transports/socket-io.ts'
import { sseTransport } from '../transports/sse.ts'
import { websocketTransport } from '../transports/websocket.ts'
import { isServerError } from './disconnect-reason.ts'
import {
  type ConnectionType,
  type RealtimeClientOptions,
  type RealtimeHealth,
  realtimeDefaults,
} from './realtime-options.ts'
import { fetchWithHeaders, socketWithHeaders } from './request-headers.ts'

/** A server that has failed is left alone for so long. */
const serverErrorPauseMs = 5_000

/** Ways to the server as one transport, and what watches them. */
export interface RealtimeTransport {
  readonly transport: ClientTransport
  readonly health: RealtimeHealth | undefined
}

/** All ways to the server that the options name, tried in order. */
export function realtimeTransport(
  options: RealtimeClientOptions,
  onRoundTrip: (ms: number) => void,
): RealtimeTransport {
  const { clock } = options
  const {
    connectionType = realtimeDefaults.connectionType,
    fallbackTypes = realtimeDefaults.fallbackTypes,
    connectionTimeout = realtimeDefaults.connectionTimeout,
    heartbeatInterval = realtimeDefaults.heartbeatInterval,
    pingTimeout = realtimeDefaults.pingTimeout,
    failoverUrls = [],
  } = options
  const types = [...new Set([connectionType, ...fallbackTypes])]
  const transports = types.map((type) => transportOf(type, options))
  const fallback = { clock, backups: failoverUrls, patienceMs: connectionTimeout / types.length }
  const health = options.health?.({ transports, fallback, clock })
  const one = health?.transport ?? fallbackTransport(transports, fallback)
  const transport = monitoredTransport(pausedAfterFailure(one), {
    ...{ clock, onRoundTrip },
    intervalMs: heartbeatInterval,
    timeoutMs: pingTimeout,
  })
  return { transport, health }
}

function transportOf(type: ConnectionType, options: RealtimeClientOptions): ClientTransport {
  const { authentication, clock, pollInterval, protocols = [], WebSocket } = options
  const { headers = {} } = authentication ?? {}
  const hasHeaders = Object.keys(headers).length > 0
  const http = { clock, fetch: hasHeaders ? fetchWithHeaders(options.fetch, headers) : options.fetch }
  switch (type) {
    case 'websocket':
      return websocketTransport(socketWithHeaders({ WebSocket, headers, protocols }))
    case 'sse':
      // An `EventSource` sends no headers: where there are some, the stream is read by `fetch`.
      return sseTransport({ ...http, ...(hasHeaders ? { EventSource: null } : {}) })
    case 'http2':
      return httpStreamTransport(http)
    case 'socket.io':
      if (options.socketIo === undefined)
        throw refused('The type `socket.io` needs the library: `socketIo: { io }`, of `socket.io-client`.')
      return socketIoTransport(options.socketIo)
    case 'polling':
      return pollingTransport({ ...http, pollInterval })
    default:
      throw refused(
        `There is no connection type \`${String(type)}\`: websocket, socket.io, sse, http2 or polling.`,
      )
  }
}

const refused = (message: string): ParleyError => new ParleyError('bad_request', message)

/** When a link ends because the server has failed, the client is told to wait, as if the server had said so. */
function pausedAfterFailure(inner: ClientTransport): ClientTransport {
  return {
    get name() {
      return inner.name
    },
    open(url, handlers) {
      let isExplained = false
      return inner.open(url, {
        opened: () => handlers.opened(),
        received(text) {
          isExplained = text.includes('{"op":"error"')
          handlers.received(text)
        },
        closed(code, reason) {
          if (isServerError(code) && !isExplained)
            handlers.received(JSON.stringify({ op: 'error', error: failure(reason) }))
          handlers.closed(code, reason)
        },
      })
    },
  }
}

function failure(reason: string): ErrorBody {
  const message = `The server has failed${reason === '' ? '' : ` (${reason})`}. Another attempt follows.`
  return new ParleyError('internal', message, { retryAfterMs: serverErrorPauseMs }).toBody()
}
