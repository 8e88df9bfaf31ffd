import type { ChannelEvent, Filter, ParleyError, Position, StateEntry } from '@parley/protocol'
import type { Clock } from '../../ports/clock.ts'
import type { Page } from './browser.ts'
import type { ClientTransport } from './network.ts'
import type { PageStore } from './store.ts'

/** What the simulated application gives a subscription; a part of what the client takes. */
export interface SimulatedSubscribeOptions {
  readonly from?: Position
  readonly filter?: Filter
  readonly state: boolean
  readonly onEvent: (event: ChannelEvent) => void
  readonly onRecovered: (subscribed: { readonly position: Position; readonly head: number }) => void
  readonly onUnrecovered: (unrecovered: { readonly position: Position; readonly reason: string }) => void
  readonly onDropped: (dropped: { readonly from: number; readonly to: number }) => void
  readonly onStatus: (status: string) => void
  readonly onError: (error: ParleyError) => void
  readonly onUnsubscribed: (end: { readonly code: string }) => void
}

export interface SimulatedSubscription {
  readonly status: string
  readonly position: Position | undefined
  readonly state: ReadonlyMap<string, StateEntry>
  setState(name: string, value: unknown): Promise<void>
  unsubscribe(): void
}

/** The client's outbox, as far as the simulated application uses it. */
export interface SimulatedOutbox {
  readonly ready: Promise<void>
  readonly items: readonly { readonly id: string; readonly state: 'waiting' | 'parked' }[]
  watch(listener: () => void): () => void
  send(command: string, input: unknown, options: { readonly id: string }): Promise<unknown>
  answerTo(id: string): Promise<unknown>
  retry(id: string): Promise<unknown>
  discard(id: string): Promise<void>
}

/** The client engine, as far as the simulated application uses it. */
export interface SimulatedClient {
  readonly status: string
  /** There is one when there is a store for it. */
  readonly outbox?: SimulatedOutbox | undefined
  /** Its page has the connection that others share. */
  readonly isLeader: boolean
  connect(): Promise<void>
  /** For good: nothing that belongs to it goes on. */
  disconnect(): void
  call(command: string, input: unknown, options?: { readonly key?: string }): Promise<unknown>
  subscribe(channel: string, options: SimulatedSubscribeOptions): SimulatedSubscription
  onError(handler: (error: ParleyError) => void): void
}

export interface ClientParts {
  readonly clock: Clock
  readonly transport: ClientTransport
  readonly getToken: () => Promise<string>
  readonly reconnect: { readonly baseMs: number; readonly capMs: number }
  readonly callTimeoutMs: number
  readonly user: string
  /** Where an outbox keeps what is sent through it. */
  readonly store?: PageStore
  /** The page, if it shares its connection with others of its browser. */
  readonly page?: Page
}

/** Makes a client of its parts: the kernel does not import it. */
export type ClientFactory = (parts: ClientParts) => SimulatedClient
