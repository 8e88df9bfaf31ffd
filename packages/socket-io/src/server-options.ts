import type { Broker, RecentLog, Store } from '@parley/kernel'

export interface CorsOptions {
  /** Origins of pages that may connect: one, several, `*`, or true for all. */
  readonly origin?: string | readonly string[] | boolean
  readonly methods?: string | readonly string[]
  readonly credentials?: boolean
  readonly allowedHeaders?: string | readonly string[]
}

/** Settings of a server: those of Socket.IO, by their names, and those that say what is below. */
export interface ServerOptions {
  /** Where clients connect; default `/socket.io`. */
  readonly path?: string
  /** Pages of other origins that may connect; default: none. */
  readonly cors?: CorsOptions
  /** Default: both. */
  readonly transports?: readonly ('polling' | 'websocket')[]
  /** In ms; default 25,000. */
  readonly pingInterval?: number
  /** In ms; default 20,000. */
  readonly pingTimeout?: number
  /** Largest message of a client in bytes; default 1,000,000. */
  readonly maxHttpBufferSize?: number
  /** A client that enters no namespace for so long is let go, in ms; default 45,000. */
  readonly connectTimeout?: number
  /** Whether the library for browsers is served, if `socket.io-client` is installed; default true. */
  readonly serveClient?: boolean
  /** Clients that were away are given what they missed. Without it they are new clients. */
  readonly connectionStateRecovery?: {
    /** In ms; default two minutes. */
    readonly maxDisconnectionDuration?: number
    /** Middleware is not asked again about a socket that comes back; default true. */
    readonly skipMiddlewares?: boolean
    /** Signs what clients bring back; the same on all nodes. Default: made, and kept in `dataDir` where there is one. */
    readonly secret?: string
  }
  /** Taken and not used: nodes find each other by `cluster`. */
  readonly adapter?: unknown
  /** Taken and not used: nothing is compressed. */
  readonly perMessageDeflate?: unknown
  readonly httpCompression?: unknown

  /** Where rooms are kept on disk, so that recovery outlives the process. Default: in memory. */
  readonly dataDir?: string
  /** Several nodes that are one server: they share a store and a log, and find each other by a broker. */
  readonly cluster?: {
    readonly broker: Broker
    readonly store: Store
    /** Of rooms that are not kept on disk; without it nothing is kept for clients that fall behind. */
    readonly recentLog?: RecentLog
  }
  /** Number of proxies in front whose `X-Forwarded-For` is believed; default 0. */
  readonly trustedProxies?: number
}
