import { ParleyError } from '@parley/protocol'
import { type EndpointProtocol, selectOptimalProtocol } from '../../transports/endpoints.ts'
import { RealtimeError } from '../realtime-error.ts'
import type { ConnectionType } from '../realtime-options.ts'

/** What a connection has to be like; see *Security levels* in docs/guide/service.md. */
export type SecurityLevel = 'standard' | 'high' | 'maximum'

/** How an endpoint is connected. */
export interface ConnectOptions {
  /** Not part of this version: `true` is refused. Default false. */
  readonly enable_ai_processing?: boolean | undefined
  /** Whether the connection is measured: `metrics_update`, `performance_alert`. Default true. */
  readonly monitoring_enabled?: boolean | undefined
  /** Default `standard`. */
  readonly security_level?: SecurityLevel | undefined
  /**
   * What is tried, in this order, when the endpoint's own protocol does not get through: `websocket`, `sse`, `polling`,
   * `http2`; `socket.io` is `websocket` here. Default: `websocket`, `sse`, `polling`; `[]` for none.
   */
  readonly fallback_protocols?: readonly string[] | undefined
  /** How long an attempt may take over all protocols, in ms, up to 15,000. Default 10,000. */
  readonly connection_timeout?: number | undefined
  /** Further attempts in a row after a failure; then `connection_failed`. Default 5. */
  readonly retry_attempts?: number | undefined
}

/** Options with all defaults, checked. */
export interface CheckedOptions {
  readonly monitoring_enabled: boolean
  readonly security_level: SecurityLevel
  /** The endpoint's own first. */
  readonly protocols: readonly [ConnectionType, ...ConnectionType[]]
  readonly connection_timeout: number
  readonly retry_attempts: number
}

const protocols: Readonly<Record<EndpointProtocol | ConnectionType, ConnectionType>> = {
  websocket: 'websocket',
  'socket.io': 'websocket',
  sse: 'sse',
  http2: 'http2',
  polling: 'polling',
}
const levels: readonly unknown[] = ['standard', 'high', 'maximum']
const longestTimeoutMs = 15_000
const mostAttempts = 1_000
const longestName = 128

/** @throws RealtimeError `BAD_REQUEST` for what cannot be done, with a message that says what can */
export function checkedOptions(endpoint: string, options: ConnectOptions = {}): CheckedOptions {
  const {
    enable_ai_processing = false,
    monitoring_enabled = true,
    security_level = 'standard',
    fallback_protocols = ['websocket', 'sse', 'polling'],
    connection_timeout = 10_000,
    retry_attempts = 5,
  } = options
  if (typeof endpoint !== 'string' || !/^\S+$/.test(endpoint) || endpoint.length > longestName)
    throw refused(`An endpoint has a name of 1 to ${longestName} characters without spaces`)
  if (enable_ai_processing)
    throw refused('`enable_ai_processing` is not part of this version: leave it out. Nothing was connected')
  if (!levels.includes(security_level)) throw refused('`security_level` is `standard`, `high` or `maximum`')
  if (!(connection_timeout > 0 && connection_timeout <= longestTimeoutMs))
    throw refused(`\`connection_timeout\` is a time in ms, up to ${longestTimeoutMs}`)
  if (!Number.isInteger(retry_attempts) || retry_attempts < 0 || retry_attempts > mostAttempts)
    throw refused(`\`retry_attempts\` is a whole number from 0 to ${mostAttempts}`)
  const own = protocols[selectOptimalProtocol(endpoint)]
  const others = fallback_protocols.map(protocolOf).filter((name) => name !== own)
  return {
    ...{ monitoring_enabled, security_level, connection_timeout, retry_attempts },
    protocols: [own, ...new Set(others)],
  }
}

function protocolOf(name: string): ConnectionType {
  if (!Object.hasOwn(protocols, name))
    throw refused(
      `There is no protocol \`${String(name)}\` for \`fallback_protocols\`: websocket, socket.io, sse, http2, polling`,
    )
  return protocols[name as EndpointProtocol]
}

function refused(rule: string): RealtimeError {
  return RealtimeError.from(new ParleyError('bad_request', `${rule}.`))
}
