import type { ClientInfo, ConnectResult, ParleyError, ServerFrame } from '@parley/protocol'
import type { Clock, Network } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'
import type { Backoff } from './backoff.ts'
import type { TokenSource } from './tokens.ts'

/** What a connection tells the engine above it. */
export interface ConnectionListener {
  /** `connect` was sent: what is sent now travels right behind it. */
  greeting(): void
  /** The server accepted; `resumed` or not, `greeting` came before. */
  ready(result: ConnectResult): void
  /** The link is gone; open requests were answered with `lost`. */
  lost(): void
  /** The client will not try again by itself. */
  ended(error: ParleyError): void
  frame(frame: ServerFrame): void
  emit(name: string, ...args: unknown[]): void
}

export interface ConnectionOptions {
  readonly url: string
  readonly transport: ClientTransport
  readonly clock: Clock
  readonly network: Network
  readonly tokens: TokenSource
  readonly client: ClientInfo
  readonly backoff: Backoff
  readonly maxAttempts: number
  /** How often the server should ask whether this client is there, as things are now; 0: as often as it likes. */
  readonly wishMs: () => number | undefined
  readonly listener: ConnectionListener
}
