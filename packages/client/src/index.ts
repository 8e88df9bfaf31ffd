export type { ClientOptions } from './client-options.ts'
export {
  createClient,
  type Client,
  type ClientCore,
  type ClientEvents,
  type HandlerOf,
} from './client.ts'
export type { ConnectionSnapshot, Disconnect } from './connection/connection-snapshot.ts'
export type { ConnectionStatus } from './connection/connection-state.ts'
export type { StateChange } from './subscriptions/keyed-state.ts'
export {
  type Clock,
  type Network,
  type NetworkHint,
  systemClock,
  systemNetwork,
  type Timer,
} from './platform.ts'
export type {
  Dropped,
  SubscribeOptions,
  Subscribed,
  Subscription,
  SubscriptionStatus,
  Unrecovered,
} from './subscriptions/subscription.ts'
export type { StateRule } from './subscriptions/state-events.ts'
export type { GetToken, TokenReason } from './connection/tokens.ts'
export { createTypist, type Typist, type TypingActivity, type TypistOptions } from './modules/typist.ts'
export type { ClientTransport, Link, LinkHandlers } from './transport.ts'
export { type WebSocketConstructor, type WebSocketLike, websocketTransport } from './transports/websocket.ts'
export type {
  BuiltIn,
  CodeOfCommand,
  CommandMap,
  CommandName,
  EventMap,
  EventOf,
  InputOfCommand,
  Methods,
  OutputOfCommand,
  Spelt,
} from './typed-api.ts'
export {
  type CallOptions,
  type Priority,
  type ChannelEvent,
  type DeviceInfo,
  type ErrorCode,
  type Filter,
  type Occupancy,
  ParleyError,
  type Position,
  type StateEntry,
  type UnrecoveredReason,
} from '@parley/protocol'
