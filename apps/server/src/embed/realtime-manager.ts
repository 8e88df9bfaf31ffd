import { Buffer } from 'node:buffer'
import { randomBytes, randomUUID } from 'node:crypto'
import { systemClock } from '@parley/adapters/system-clock'
import { ParleyError } from '@parley/protocol'
import type { AnyConnection } from './carrier.ts'
import { ManagedConnection, type ManagedHome } from './managed-connection.ts'
import { ManagerNode, type ManagerParts } from './manager-node.ts'
import { channels, checkedMessage, FrameMessages, type RealtimeMessage } from './message.ts'
import { type ManagerSettings, managerSettings, type RealtimeManagerOptions } from './options.ts'

export interface ManagerMetrics {
  /** Connections that are there now. */
  readonly connectionCount: number
  /** Messages given to connections, counted once for each. */
  readonly messagesSent: number
  readonly messagesReceived: number
  /** Share of all messages that were refused or could not be read, from 0 to 1. */
  readonly errorRate: number
  /** Milliseconds since the manager was made. */
  readonly uptime: number
}

interface ManagerEvents {
  /** A client has sent a message. */
  readonly message: (connectionId: string, message: RealtimeMessage) => void
  /** A connection is gone. */
  readonly disconnect: (connectionId: string, code: number, reason: string) => void
}

/**
 * Owns connections of an application, whatever they are made of, and the rooms that they are in. Messages pass through channels of
 * a node: that of `createServer({ manager })`, where clients of Parley hear the rooms too, or one of its own, in memory.
 */
export class RealtimeManager {
  readonly #settings: ManagerSettings
  readonly #connections = new Map<string, ManagedConnection>()
  readonly #clock = systemClock()
  readonly #node: ManagerNode
  readonly #home: ManagedHome
  readonly #listeners = {
    message: new Set<ManagerEvents['message']>(),
    disconnect: new Set<ManagerEvents['disconnect']>(),
  }
  readonly #since: number
  /** Connections that enter, and joins under way: what is sent after them waits for them. */
  readonly #settling = new Set<Promise<unknown>>()
  #turn: Promise<unknown> = Promise.resolve()
  #sent = 0
  #received = 0
  #failed = 0
  #isClosed = false

  /** @throws ConfigurationError that names every mistake */
  constructor(options: RealtimeManagerOptions = {}) {
    this.#settings = managerSettings(options)
    this.#since = this.#clock.elapsed()
    const token = randomBytes(24).toString('base64url')
    this.#node = new ManagerNode(this.#settings, token)
    this.#home = {
      ...{ settings: this.#settings, clock: this.#clock, token, messages: new FrameMessages() },
      received: (connection, message) => {
        this.#received += 1
        for (const listener of this.#listeners.message) listener(connection.id, message)
      },
      sent: (count) => {
        this.#sent += count
      },
      failed: () => {
        this.#failed += 1
      },
      gone: (connection, code, reason) => {
        this.#connections.delete(connection.id)
        for (const listener of this.#listeners.disconnect) listener(connection.id, code, reason)
      },
    }
  }

  /**
   * Takes a connection over: a WebSocket of `ws`, or the response to a request for an event stream. It is told its id, and what
   * to do when it is cut off, by a message `connected`.
   *
   * @returns its id: its own `id` where it has one
   * @throws ParleyError `overloaded` at `maxConnections`, and the connection is closed; `conflict` for an id that is there
   * already; `bad_request` for what is no connection; `unavailable` after `close`
   */
  addConnection(connection: AnyConnection): string {
    if (this.#isClosed) throw new ParleyError('unavailable', 'The manager is closed.')
    const id = connection.id ?? randomUUID()
    if (!/^[\w.-]{1,100}$/.test(id))
      throw new ParleyError(
        'bad_request',
        'The id of a connection has 1 to 100 letters, digits, `-`, `_` and `.`.',
      )
    if (this.#connections.has(id))
      throw new ParleyError('conflict', `There is a connection \`${id}\` already.`)
    const managed = new ManagedConnection(id, connection, this.#home)
    if (this.#connections.size >= this.#settings.maxConnections) {
      this.#failed += 1
      const problem = `There are ${this.#settings.maxConnections} connections, which is the limit. Try again later.`
      managed.close(tryAgainLater, problem)
      throw new ParleyError('overloaded', problem, { retryAfterMs: this.#settings.reconnectDelay })
    }
    this.#connections.set(id, managed)
    const entered = this.#node.ready().then((accept) => managed.begin(accept, 'realtime-manager'))
    this.#settle(entered).catch(() => managed.close(tryAgainLater, 'The server takes no connections now.'))
    return id
  }

  /**
   * Sends to one connection.
   *
   * @throws ParleyError `not_found`, `bad_request`, `payload_too_large`
   */
  async sendToConnection(connectionId: string, message: RealtimeMessage): Promise<void> {
    this.#find(connectionId)
    await this.#send(channels.connection(connectionId), message)
  }

  /**
   * Sends to all connections.
   *
   * @throws ParleyError `bad_request`, `payload_too_large`
   */
  async broadcast(message: RealtimeMessage): Promise<void> {
    await this.#send(channels.everyone, message)
  }

  /**
   * Sends to who is in a room; messages of a room arrive in the order of the calls.
   *
   * @throws ParleyError `bad_request`, `payload_too_large`
   */
  async sendToRoom(roomId: string, message: RealtimeMessage): Promise<void> {
    await this.#send(channels.room(roomId), message)
  }

  /**
   * Puts a connection into a room; it leaves by itself when it is gone. What is sent to the room after this call reaches it.
   *
   * @throws ParleyError `not_found`, `bad_request` for a name that cannot be
   */
  async joinRoom(connectionId: string, roomId: string): Promise<void> {
    await this.#inRoom(connectionId, (connection) => connection.join(channels.room(roomId)))
  }

  /** @throws ParleyError `not_found`, `not_subscribed` */
  async leaveRoom(connectionId: string, roomId: string): Promise<void> {
    await this.#inRoom(connectionId, (connection) => connection.leave(channels.room(roomId)))
  }

  getMetrics(): ManagerMetrics {
    const all = this.#sent + this.#received + this.#failed
    return {
      connectionCount: this.#connections.size,
      messagesSent: this.#sent,
      messagesReceived: this.#received,
      errorRate: all === 0 ? 0 : this.#failed / all,
      uptime: Math.round(this.#clock.elapsed() - this.#since),
    }
  }

  /** Calls `listener` from now on. Answers a function that ends it. */
  on<Name extends keyof ManagerEvents>(event: Name, listener: ManagerEvents[Name]): () => void {
    const listeners = this.#listeners[event] as Set<ManagerEvents[Name]>
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Closes all connections. A server that it was given to goes on. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const connection of [...this.#connections.values()])
      connection.close(goingAway, 'The server is stopping.')
    await this.#node.stop()
  }

  /** What it adds to a server; for `createServer`. */
  joinServer(): ManagerParts {
    return this.#node.joined()
  }

  #find(connectionId: string): ManagedConnection {
    const connection = this.#connections.get(connectionId)
    if (connection !== undefined) return connection
    throw new ParleyError('not_found', `There is no connection \`${connectionId}\`.`)
  }

  #settle<T>(settling: Promise<T>): Promise<T> {
    this.#settling.add(settling)
    const forget = () => void this.#settling.delete(settling)
    settling.then(forget, forget)
    return settling
  }

  #inRoom(connectionId: string, run: (connection: ManagedConnection) => Promise<void>): Promise<void> {
    const before = this.#afterThose()
    return this.#settle(
      (async () => {
        const connection = this.#find(connectionId)
        await before
        await run(connection)
      })(),
    )
  }

  /** Fulfilled when what was asked for until now is done, in the order of the calls. */
  #afterThose(): Promise<unknown> {
    const settling = [...this.#settling]
    this.#turn = this.#turn.then(() => Promise.allSettled(settling))
    return this.#turn
  }

  async #send(channel: string, given: RealtimeMessage): Promise<void> {
    try {
      const { type, payload, priority } = checkedMessage(given)
      checkSize(payload, this.#settings.maxMessageSize)
      const before = this.#afterThose()
      await this.#node.ready()
      await before
      const tags = priority === undefined ? {} : { tags: { priority } }
      await this.#node.publish({ channel, type, data: payload ?? null, ...tags })
    } catch (error) {
      this.#failed += 1
      throw error
    }
  }
}

/** RFC 6455 §7.4.1, and the registry of close codes at IANA. */
const goingAway = 1001
const tryAgainLater = 1013

function checkSize(payload: unknown, maxBytes: number): void {
  const bytes = Buffer.byteLength(JSON.stringify(payload ?? null))
  if (bytes > maxBytes)
    throw new ParleyError(
      'payload_too_large',
      `The payload has ${bytes} bytes; at most ${maxBytes} are allowed.`,
    )
}
