import type { Clock, Handshake } from '@parley/kernel'
import type { ConnectionHome } from '../websocket/connection.ts'
import type { PusherApp } from './app.ts'
import type { PusherClient } from './client.ts'
import type { Batches } from './event-batch.ts'
import type { PusherHub } from './hub.ts'
import type { Keyring } from './signatures.ts'

/** What the server allows beyond what Pusher does; defaults are Pusher's own. */
export interface PusherSettings {
  /** Silence after which a client asks whether the server is there, in s. */
  readonly activityTimeoutS: number
  /** How long a client that was asked may take to answer. */
  readonly pongTimeoutMs: number
  readonly clientEvents: boolean
  /** Events that a connection may send a second. */
  readonly clientEventsPerSecond: number
  readonly subscriptionCount: boolean
  /** Users in a channel with members. */
  readonly maxMembers: number
  /** For how long a cache channel has its newest event. */
  readonly cacheMs: number
  /** Bytes that wait for one connection, beside its events. */
  readonly maxBufferedBytes: number
}

/** What all clients share. */
export interface ClientServices extends ConnectionHome {
  readonly settings: PusherSettings
  readonly keys: Keyring
  readonly hub: PusherHub
  readonly batches: Batches
  readonly clock: Pick<Clock, 'now' | 'after' | 'random'>
  /** Whether clients that are told to go have somewhere else to go. */
  readonly hasPeers: () => boolean
  /** Counts what clients ask for, and what is refused. */
  readonly counted: (what: string) => void
  readonly refused: (code: number) => void
  readonly left: (client: PusherClient) => void
}

/** Who connects. */
export interface Arrival {
  readonly app: PusherApp
  readonly socketId: string
  readonly handshake: Handshake
}
