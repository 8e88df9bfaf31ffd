import { type ChannelEvent, type ConnectResult, ParleyError } from '@parley/protocol'
import type { ClientOptions } from './client-options.ts'
import type { Backoff } from './connection/backoff.ts'
import { asError } from './connection/close-error.ts'
import { Connection } from './connection/connection.ts'
import { tokenSource } from './connection/tokens.ts'
import { Emitter } from './emitter.ts'
import { Outbox } from './outbox.ts'
import { reportUnhandled, systemClock, systemNetwork } from './platform.ts'
import type { Request } from './requests.ts'
import { Channels } from './subscriptions/channels.ts'
import { builtInStates } from './subscriptions/state-events.ts'
import { websocketTransport } from './transports/websocket.ts'

const hourMs = 60 * 60 * 1000
const mebi = 1024 * 1024
// Servers put at most 1 MiB together from chunks; the rest is room for the frame around the input.
const maxInputLength = mebi - 1024

/** The parts of a client, joined: connection below, channels and outbox above. */
export interface Engine {
  readonly connection: Connection
  readonly channels: Channels
  readonly outbox: Outbox
  /** Handlers of lifecycle events. */
  readonly lifecycle: Emitter
  /** Handlers of channel events by type. Apart, since applications choose their types: `error` may be one. */
  readonly events: Emitter
}

export function createEngine(options: ClientOptions): Engine {
  const { clock = systemClock, network = systemNetwork, heartbeat } = options
  const { name = '@parley/client', version, device } = options
  const { baseMs = 500, capMs = 20_000 } = options.reconnect ?? {}
  const backoff: Backoff = { baseMs, capMs }
  // A handler of errors that throws is not told about itself.
  const lifecycle = new Emitter(reportUnhandled)
  const failed = (cause: unknown): void => {
    if (lifecycle.has('error')) lifecycle.emit('error', asError(cause))
    else reportUnhandled(cause)
  }
  const emit = (name: string, ...args: unknown[]): void => {
    if (name === 'error') failed(args[0])
    else lifecycle.emit(name, ...args)
  }
  const events = new Emitter(failed)
  const heard = (event: ChannelEvent): void => events.emit(event.type, event)
  const request: Request = (encode, done) => connection.request(encode, done)
  const renewToken = (): void => connection.renewToken()
  const states = { ...builtInStates, ...options.states }
  const channels = new Channels({ clock, backoff, request, renewToken, states, heard, emit, failed })
  const outbox = new Outbox({ ...outboxLimits(options), clock, backoff, request, renewToken })
  const connection: Connection = new Connection({
    url: options.url,
    transport: options.transport ?? websocketTransport(options.WebSocket),
    clock,
    network,
    tokens: tokenSource(clock, options),
    client: { name, version, device },
    backoff,
    maxAttempts: options.maxReconnectAttempts ?? 5,
    wishMs: () =>
      heartbeat && ((network.hidden?.() ? heartbeat.hiddenIntervalMs : heartbeat.intervalMs) ?? 0),
    listener: {
      greeting: () => channels.restore(),
      ready: release(outbox),
      lost() {
        outbox.hold()
        channels.lost()
      },
      ended: (error) => outbox.rejectAll(error, true),
      frame: (frame) => channels.take(frame),
      emit,
    },
  })
  return { connection, channels, outbox, lifecycle, events }
}

/** Lets the outbox go with each connection; what one user wrote is never sent in the name of another. */
function release(outbox: Outbox): (result: ConnectResult) => void {
  let identity: string | undefined
  return ({ app, user = null }) => {
    const before = identity
    identity = JSON.stringify([app, user])
    if (before !== undefined && before !== identity) {
      const message = 'Another user has signed in.'
      outbox.rejectAll(new ParleyError('cancelled', message), false)
    }
    outbox.open()
  }
}

function outboxLimits({
  maxOutbox: maxCalls = 1_000,
  maxOutboxBytes: maxLength = 16 * mebi,
  callTimeoutMs = 15_000,
  maxRetries = 5,
  // Less than the day for which servers remember answers.
  idempotencyWindowMs = 23 * hourMs,
}: ClientOptions) {
  return { maxCalls, maxLength, maxInputLength, callTimeoutMs, maxRetries, idempotencyWindowMs }
}
