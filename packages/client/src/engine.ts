import { type ChannelEvent, type ClientInfo, type ConnectResult, ParleyError } from '@parley/protocol'
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

const defaults = {
  maxOutbox: 1_000,
  maxOutboxBytes: 16 * 1024 * 1024,
  callTimeoutMs: 15_000,
  maxRetries: 5,
  idempotencyWindowMs: 23 * 60 * 60 * 1000,
  baseMs: 500,
  capMs: 20_000,
  // Servers put at most 1 MiB together from chunks; the rest is room for the frame around the input.
  maxInputLength: 1024 * 1024 - 1024,
}

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
  const clock = options.clock ?? systemClock
  const { baseMs = defaults.baseMs, capMs = defaults.capMs } = options.reconnect ?? {}
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
    network: options.network ?? systemNetwork,
    tokens: tokenSource(clock, options),
    client: clientInfo(options),
    backoff,
    maxAttempts: options.reconnect?.maxAttempts ?? Number.POSITIVE_INFINITY,
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

function outboxLimits(options: ClientOptions) {
  return {
    maxCalls: options.maxOutbox ?? defaults.maxOutbox,
    maxLength: options.maxOutboxBytes ?? defaults.maxOutboxBytes,
    maxInputLength: defaults.maxInputLength,
    callTimeoutMs: options.callTimeoutMs ?? defaults.callTimeoutMs,
    maxRetries: options.maxRetries ?? defaults.maxRetries,
    idempotencyWindowMs: options.idempotencyWindowMs ?? defaults.idempotencyWindowMs,
  }
}

function clientInfo({ name = '@parley/client', version, device }: ClientOptions): ClientInfo {
  return {
    name,
    ...(version === undefined ? {} : { version }),
    ...(device === undefined ? {} : { device }),
  }
}
