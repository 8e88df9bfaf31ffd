import { type CallOptions, type ChannelEvent, ParleyError, type Position } from '@parley/protocol'
import type { ClientOptions } from './client-options.ts'
import type { ConnectionSnapshot, Disconnect } from './connection/connection-snapshot.ts'
import type { ConnectionStatus } from './connection/connection-state.ts'
import { createEngine } from './engine.ts'
import { systemClock } from './platform.ts'
import type { SubscribeOptions, Subscription } from './subscriptions/subscription.ts'
import type {
  BuiltIn,
  CommandMap,
  CommandName,
  EventMap,
  InputOfCommand,
  Methods,
  OutputOfCommand,
  Spelt,
} from './typed-api.ts'

/** What `client.on` can be given, beside every event type of the contracts. */
export interface ClientEvents {
  status: (status: ConnectionStatus, connection: ConnectionSnapshot) => void
  connected: () => void
  disconnect: (disconnect: Disconnect) => void
  reconnecting: (attempt: { readonly attempt: number; readonly delayMs: number }) => void
  error: (error: ParleyError) => void
  /** The server subscribed this client to a channel by itself. */
  subscribed: (subscribed: { readonly channel: string; readonly position: Position }) => void
  unsubscribed: (end: { readonly channel: string; readonly code: string; readonly message: string }) => void
}

/** Lifecycle events by name; other names are event types, with their data where a contract declares them. */
export type HandlerOf<Cs, Name> = Name extends keyof ClientEvents
  ? ClientEvents[Name]
  : (
      event: Name extends keyof EventMap<Cs> & string ? ChannelEvent<Name, EventMap<Cs>[Name]> : ChannelEvent,
    ) => void

export interface ClientCore<Cs = BuiltIn> {
  /** Where it connects to, as it was told. */
  readonly url: string
  readonly status: ConnectionStatus
  /** A new object whenever something about the connection changes. */
  readonly connection: ConnectionSnapshot
  /** Resolves when the client can be used, rejects when it stops for good. It tries again until then. */
  connect(): Promise<void>
  /** Unanswered calls are rejected; subscriptions stay and go on after the next `connect`. */
  disconnect(): void
  /** Drops the connection and makes a new one at once. */
  reconnect(): void
  /** Runs a command; see README, *Calls*. */
  call<Name extends CommandName<Cs> | (string & {})>(
    command: Name & Spelt<Cs, CommandMap<Cs>, Name>,
    input: InputOfCommand<Cs, Name>,
    options?: CallOptions,
  ): Promise<OutputOfCommand<Cs, Name>>
  /** @throws ParleyError `bad_request` for a filter that is none */
  subscribe<Event extends ChannelEvent = ChannelEvent>(
    channel: string,
    options?: SubscribeOptions<Event>,
  ): Subscription
  /** Sets this session's keyed-state entry in a subscribed channel; `null` removes it. */
  setState(channel: string, name: string, value: unknown): Promise<void>
  /** Gives the server a new token without disconnecting; without an argument, one from `getToken`. */
  refresh(token?: string): Promise<void>
  /** Unguessable text: an id for an event, an idempotency key. */
  newId(): string
  /** Returns the function that removes the handler. */
  on<Name extends keyof ClientEvents | (keyof EventMap<Cs> & string) | (string & {})>(
    name: Name & Spelt<Cs, EventMap<Cs>, Name>,
    handler: HandlerOf<Cs, Name>,
  ): () => void
}

/** A client whose modules are properties: `client.channels.publish({ … })`. */
export type Client<Cs = BuiltIn> = ClientCore<Cs> & Methods<Cs>

/** Makes a client. Nothing happens before `connect()`, so that it can be made anywhere, even on a server. */
export function createClient<Cs extends object = BuiltIn>(options: ClientOptions): Client<Cs> {
  return withModules(createCore(options)) as unknown as Client<Cs>
}

const lifecycleNames: ReadonlySet<string> = new Set<keyof ClientEvents>([
  'status',
  'connected',
  'disconnect',
  'reconnecting',
  'error',
  'subscribed',
  'unsubscribed',
])

function createCore(options: ClientOptions): ClientCore<object> {
  const { connection, channels, outbox, lifecycle, events } = createEngine(options)
  return {
    url: options.url,
    get status() {
      return connection.snapshot.status
    },
    get connection() {
      return connection.snapshot
    },
    connect() {
      outbox.accept()
      return connection.connect()
    },
    disconnect: () => connection.disconnect(),
    reconnect() {
      outbox.accept()
      connection.reconnect()
    },
    call: (command, input, callOptions) => outbox.call(command, input, callOptions) as Promise<never>,
    subscribe: (channel, wanted = {}) => channels.subscribe(channel, wanted as SubscribeOptions),
    setState: (channel, name, value) =>
      channels.find(channel)?.setState(name, value) ?? Promise.reject(new ParleyError('not_subscribed')),
    refresh: (token) => connection.refresh(token),
    newId: () => (options.clock ?? systemClock).secret(96),
    on: (name: string, handler: (...args: never[]) => void) =>
      (lifecycleNames.has(name) ? lifecycle : events).on(name, handler),
  }
}

// Names that the language and its tools ask of any object: no module answers to them.
const notModules = new Set<unknown>(['then', 'toJSON', 'constructor', 'prototype'])

/** Adds `client.<module>.<command>(input, options)`: any name that the client itself does not have is a module. */
function withModules(core: ClientCore<object>): ClientCore<object> {
  const modules = new Map<string, object>()
  return new Proxy(core, {
    get(target, name) {
      if (typeof name === 'symbol' || name in target || notModules.has(name)) return Reflect.get(target, name)
      let commands = modules.get(name)
      if (commands === undefined) {
        commands = commandsOf(target, name)
        modules.set(name, commands)
      }
      return commands
    },
  })
}

function commandsOf(core: ClientCore<object>, module: string): object {
  return new Proxy(
    {},
    {
      get(target, name) {
        if (typeof name === 'symbol' || notModules.has(name)) return Reflect.get(target, name)
        return (input: unknown, options?: CallOptions) => core.call(`${module}.${name}`, input, options)
      },
    },
  )
}
