import { type CallOptions, type ChannelEvent, ParleyError, type Priority } from '@parley/protocol'
import { type Client, createClient } from '../client.ts'
import type { Disconnect } from '../connection/connection-snapshot.ts'
import type { ConnectionStatus } from '../connection/connection-state.ts'
import { Emitter } from '../emitter.ts'
import { reportUnhandled, systemClock } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'
import { disconnectReason } from './disconnect-reason.ts'
import { type Call, MessageBatch, sendOne } from './message-batch.ts'
import { RealtimeError } from './realtime-error.ts'
import type { ConnectionManager, RealtimeClientEvents, RealtimeConnectionInfo } from './realtime-events.ts'
import {
  messageOf,
  outgoing,
  type RealtimeMessage,
  type RealtimeMessages,
  type RealtimeType,
  type SentMessage,
} from './realtime-message.ts'
import { type ConnectionType, type RealtimeClientOptions, realtimeDefaults } from './realtime-options.ts'
import { realtimeTransport } from './realtime-transport.ts'
import { tokenIn } from './request-headers.ts'
import { Rooms } from './rooms.ts'

export interface SendOptions {
  /** Which messages go first when several wait for a connection; receivers see it. Default `normal`. */
  readonly priority?: Priority | undefined
  /** Milliseconds until the promise rejects with `TIMEOUT`, time without a connection included. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Attached to the message; receivers see them and can filter by them. `priority` is taken. */
  readonly tags?: Readonly<Record<string, string>> | undefined
}

const capDelayMs = 30_000

/**
 * Messages by type, to everyone or to a room, over the first transport that works. A layer over `createClient`: what is
 * sent while there is no connection waits for one; what arrives comes once and in order.
 */
export class RealtimeClient<Messages extends object = RealtimeMessages> implements ConnectionManager {
  readonly #options: RealtimeClientOptions
  readonly #client: Client
  readonly #transport: ClientTransport
  readonly #rooms: Rooms
  readonly #call: Call
  readonly #batches = new Map<string, MessageBatch>()
  readonly #lifecycle = new Emitter(reportUnhandled)
  readonly #handlers: Emitter
  readonly #types = new Map<string, number>()
  #isConnected = false
  #isHearing = false
  #roundTripMs: number | undefined

  /** Nothing happens before `connect()`. @throws ParleyError `bad_request` for a transport that does not exist */
  constructor(options: RealtimeClientOptions) {
    this.#options = options
    const { transport, health } = realtimeTransport(options, (ms) => {
      this.#roundTripMs = ms
    })
    this.#transport = transport
    this.#client = createClient(clientOptions(options, transport))
    health?.attach(this.#client)
    this.#call = (command, input, callOptions) => this.#client.call(command, input, callOptions)
    this.#handlers = new Emitter((error) => this.#failed(error))
    this.#rooms = new Rooms({
      client: this.#client,
      kind: options.roomKind ?? realtimeDefaults.roomKind,
      heard: (event, roomId) => this.#heard(event, roomId),
      missed: (roomId) => this.#lifecycle.emit('messages_missed', { roomId }),
      ended: (roomId, error) =>
        this.#lifecycle.emit('room_left', { roomId, error: RealtimeError.from(error) }),
    })
    this.#follow()
  }

  get status(): ConnectionStatus {
    return this.#client.status
  }

  /** The client underneath: channels, presence, chat, files, and calls of any module. */
  get client(): Client {
    return this.#client
  }

  /**
   * Resolves when messages can be sent; it tries again until then.
   *
   * @throws RealtimeError when every transport has failed, in each of `maxReconnectAttempts` further attempts; or at
   *   once when trying again is of no use (`AUTH_ERROR`)
   */
  connect(): Promise<void> {
    this.#hear()
    const connected = this.#client.connect().catch((error: unknown) => {
      throw RealtimeError.from(error)
    })
    // Whoever does not wait for the promise learns the reason from `connection_failed`.
    connected.catch(() => undefined)
    return connected
  }

  /** Sends what waits in a batch, leaves all rooms, and releases sockets and timers. Messages without answer are rejected. */
  disconnect(): void {
    for (const batch of [...this.#batches.values()]) batch.flush()
    this.#rooms.leaveAll()
    this.#client.disconnect()
  }

  /** Drops the connection and makes a new one; rooms and handlers stay. */
  reconnect(): Promise<void> {
    this.#client.reconnect()
    return this.connect()
  }

  /**
   * Sends a message to everyone who is connected. Resolves when the server has taken it; while there is no connection it
   * waits for one.
   *
   * @throws RealtimeError when it was refused, or cannot be sent any more
   */
  send<Type extends RealtimeType<Messages>>(
    type: Type,
    payload: Messages[Type],
    options: SendOptions = {},
  ): Promise<SentMessage> {
    return this.#publish(this.#options.channel ?? realtimeDefaults.channel, type, payload, options)
  }

  /** Sends a message to a room, as `send` does. One need not be in it. */
  sendToRoom<Type extends RealtimeType<Messages>>(
    ...[roomId, type, payload, options = {}]: [
      roomId: string,
      type: Type,
      payload: Messages[Type],
      options?: SendOptions,
    ]
  ): Promise<SentMessage> {
    return this.#publish(this.#rooms.channelOf(roomId), type, payload, options)
  }

  /** Calls a handler for every message of a type, of all rooms. Returns the function that removes it. */
  subscribe<Type extends RealtimeType<Messages>>(
    type: Type,
    handler: (message: RealtimeMessage<Type, Messages[Type]>) => void,
  ): () => void {
    const remove = this.#handlers.on(type, handler as (message: never) => void)
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1)
    let isRemoved = false
    return () => {
      if (isRemoved) return
      isRemoved = true
      remove()
      const left = (this.#types.get(type) ?? 1) - 1
      if (left === 0) this.#types.delete(type)
      else this.#types.set(type, left)
    }
  }

  /**
   * Hears a room from now on, over reconnects too. `recent`: the newest messages first.
   *
   * @throws RealtimeError when the server does not let this client in
   */
  async joinRoom(roomId: string, options: { readonly recent?: number } = {}): Promise<void> {
    try {
      await this.#rooms.join(roomId, options.recent)
    } catch (error) {
      throw RealtimeError.from(error)
    }
  }

  leaveRoom(roomId: string): void {
    this.#rooms.leave(roomId)
  }

  /** Returns the function that removes the handler. */
  on<Name extends keyof RealtimeClientEvents>(name: Name, handler: RealtimeClientEvents[Name]): () => void {
    return this.#lifecycle.on(name, handler)
  }

  getConnectionInfo(): RealtimeConnectionInfo {
    const { clientId } = this.#options
    return {
      connectionType: typeOf(this.#transport),
      isConnected: this.status === 'connected',
      subscriptions: [...this.#types.keys()],
      rooms: this.#rooms.ids,
      status: this.status,
      ...(clientId === undefined ? {} : { clientId }),
      ...(this.#roundTripMs === undefined ? {} : { roundTripMs: this.#roundTripMs }),
    }
  }

  async #publish(
    ...[channel, type, payload, options]: [string, string, unknown, SendOptions]
  ): Promise<SentMessage> {
    const { priority = 'normal', timeoutMs, signal, tags = {} } = options
    const message = outgoing(channel, type, payload, { priority, tags })
    const callOptions: CallOptions = {
      priority,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
    }
    try {
      return await (this.#options.enableBatching === true && signal === undefined
        ? this.#batch(channel).add(message, callOptions)
        : sendOne(this.#call, message, callOptions))
    } catch (error) {
      throw RealtimeError.from(error)
    }
  }

  #batch(channel: string): MessageBatch {
    const { batchSize = realtimeDefaults.batchSize, batchInterval = realtimeDefaults.batchInterval } =
      this.#options
    let batch = this.#batches.get(channel)
    if (batch === undefined) {
      const clock = this.#options.clock ?? systemClock
      batch = new MessageBatch({
        ...{ clock, call: this.#call, size: batchSize, intervalMs: batchInterval },
        emptied: () => this.#batches.delete(channel),
      })
      this.#batches.set(channel, batch)
    }
    return batch
  }

  /** Messages without a room are heard as long as the client lives. */
  #hear(): void {
    if (this.#isHearing) return
    this.#isHearing = true
    const missed = () => this.#lifecycle.emit('messages_missed', {})
    this.#client.subscribe(this.#options.channel ?? realtimeDefaults.channel, {
      onEvent: (event) => this.#heard(event),
      onUnrecovered: missed,
      onDropped: missed,
      onError: (error) => this.#ended(error),
      onUnsubscribed: ({ message }) => this.#ended(new ParleyError('not_subscribed', message)),
    })
  }

  #ended(error: ParleyError): void {
    this.#isHearing = false
    this.#failed(error)
  }

  #heard(event: ChannelEvent, roomId?: string): void {
    if (event.type === 'channels.redacted') return
    const message = messageOf(event, roomId)
    this.#handlers.emit(message.type, message)
    this.#lifecycle.emit('message', message)
  }

  #failed(error: unknown): void {
    if (this.#lifecycle.has('error')) this.#lifecycle.emit('error', RealtimeError.from(error))
    else reportUnhandled(error)
  }

  #follow(): void {
    const client = this.#client
    client.on('connected', () => {
      this.#isConnected = true
      this.#lifecycle.emit('connect')
    })
    client.on('disconnect', (end) => this.#disconnected(end))
    client.on('reconnecting', (attempt) => {
      // What ended a connection that was there is told with its `disconnect`, which follows.
      if (!this.#isConnected) this.#tell(new ParleyError('disconnected', unreachable(attempt.delayMs)))
      this.#lifecycle.emit('reconnecting', attempt)
    })
    client.on('error', (error) => this.#tell(error))
    client.on('status', (status, { error }) => {
      this.#lifecycle.emit('status', status)
      if (status !== 'disconnected' || error === undefined) return
      const failure = { endpoint: this.#options.url, error: RealtimeError.from(error) }
      this.#lifecycle.emit('connection_failed', failure)
    })
  }

  #disconnected(end: Disconnect): void {
    this.#isConnected = false
    const { code, error, willReconnect } = end
    if (error !== undefined) this.#tell(error)
    const told = error === undefined ? {} : { error: RealtimeError.from(error) }
    this.#lifecycle.emit('disconnect', disconnectReason(end), { code, willReconnect, ...told })
  }

  /** What an application need not handle: the client goes on by itself, or a promise tells of it. */
  #tell(error: ParleyError): void {
    this.#lifecycle.emit('error', RealtimeError.from(error))
  }
}

function typeOf({ name }: ClientTransport): ConnectionType {
  return name === 'http-stream' ? 'http2' : (name as ConnectionType)
}

function unreachable(delayMs: number): string {
  return `The server cannot be reached by any transport. Another attempt follows in ${Math.ceil(delayMs / 1000)} s.`
}

function clientOptions(options: RealtimeClientOptions, transport: ClientTransport) {
  const { authentication, autoReconnect, clientId, clock, network, url } = options
  const {
    maxReconnectAttempts = realtimeDefaults.maxReconnectAttempts,
    reconnectDelay = realtimeDefaults.reconnectDelay,
  } = options
  const given = authentication?.token ?? tokenIn(authentication?.headers ?? {})
  return {
    ...{ url, transport, clock, network },
    ...(typeof given === 'function' ? { getToken: () => given() } : { token: given }),
    ...(clientId === undefined ? {} : { device: clientId }),
    reconnect: {
      baseMs: reconnectDelay,
      capMs: Math.max(capDelayMs, reconnectDelay),
    },
    maxReconnectAttempts: autoReconnect === false ? 0 : maxReconnectAttempts,
  }
}
