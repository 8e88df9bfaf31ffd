import { ParleyError } from '@parley/protocol'
import type { RealtimeClientOptions } from './realtime-options.ts'

/** A socket connection of an application, and its channels by what they are for. */
export interface ClientSocketConfig {
  readonly connection?:
    | {
        readonly url: string
        /** Subprotocols to offer before `parley.v1.json`. */
        readonly protocols?: readonly string[] | undefined
        /** How often the server is asked for a sign of life, in ms. Default 30,000. */
        readonly heartbeat?: number | undefined
        /** Whether a connection that broke is made again by itself. Default true. */
        readonly reconnect?: boolean | undefined
      }
    | undefined
  /** `{ notifications: 'user-7', chat: 'lobby' }`: names of rooms, or of channels where they have a kind. */
  readonly channels?: Readonly<Record<string, string>> | undefined
}

/** What a server and its clients agree on. */
export interface ServerSocketConfig {
  /** In place of the path of the address. */
  readonly path?: string | undefined
  /** As `connection.heartbeat`. */
  readonly pingInterval?: number | undefined
  /** Attempts in a row after a failure. Default 5. */
  readonly maxReconnectAttempts?: number | undefined
  /** Further rooms or channels that are heard from the beginning. */
  readonly topics?: readonly string[] | undefined
}

/** A service on several servers, and how its clients come back to it. */
export interface ClusterSocketConfig {
  /** Where it is, and where else when it is not there. */
  readonly clusters?:
    | { readonly primary: string; readonly failover?: string | readonly string[] | undefined }
    | undefined
  /** A matter of the servers: accepted, and nothing depends on it. */
  readonly scaling?: object | undefined
  readonly reliability?:
    | {
        readonly reconnection?:
          | {
              /** The only one there is. */
              readonly strategy?: 'exponential_backoff' | undefined
              readonly maxAttempts?: number | undefined
              /** The first pause, in ms at most. */
              readonly initialDelay?: number | undefined
            }
          | undefined
        readonly heartbeat?:
          | { readonly interval?: number | undefined; readonly timeout?: number | undefined }
          | undefined
      }
    | undefined
}

/** A connection in data, as a file of settings has it: any part of the three. */
export type WebSocketConfig = ClientSocketConfig & ServerSocketConfig & ClusterSocketConfig

/**
 * The options that a configuration amounts to. Where two of its parts speak of the same, `connection` counts most, then
 * what stands at the top.
 *
 * @throws ParleyError `bad_request` without an address, or for a strategy that does not exist
 */
export function realtimeOptions(config: WebSocketConfig): RealtimeClientOptions {
  const { connection, clusters, path, reliability } = config
  const { reconnection, heartbeat } = reliability ?? {}
  const url = connection?.url ?? clusters?.primary
  if (url === undefined)
    throw new ParleyError('bad_request', 'Give an address: `connection.url` or `clusters.primary`.')
  const strategy = reconnection?.strategy ?? 'exponential_backoff'
  if (strategy !== 'exponential_backoff')
    throw new ParleyError('bad_request', `There is no strategy \`${String(strategy)}\`: exponential_backoff.`)
  const others = [clusters?.primary ?? url, ...[clusters?.failover ?? []].flat()].filter((one) => one !== url)
  return {
    url: withPath(url, path),
    failoverUrls: others.map((one) => withPath(one, path)),
    protocols: connection?.protocols,
    autoReconnect: connection?.reconnect,
    heartbeatInterval: connection?.heartbeat ?? config.pingInterval ?? heartbeat?.interval,
    pingTimeout: heartbeat?.timeout,
    maxReconnectAttempts: config.maxReconnectAttempts ?? reconnection?.maxAttempts,
    reconnectDelay: reconnection?.initialDelay,
  }
}

/** Rooms that a configuration names, each once. */
export function roomsOf({ channels = {}, topics = [] }: WebSocketConfig): readonly string[] {
  return [...new Set([...Object.values(channels), ...topics])]
}

function withPath(url: string, path: string | undefined): string {
  if (path === undefined) return url
  const page = (globalThis as { location?: { readonly href: string } }).location?.href
  const made = new URL(url, page)
  made.pathname = path
  return made.href
}
