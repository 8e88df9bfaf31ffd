import {
  type CloseVerdict,
  type ConnectResult,
  closeVerdict,
  encodeFrame,
  ParleyError,
  type ReplyFrame,
  type ServerFrame,
  supportedVersions,
} from '@parley/protocol'
import type { Timer } from '../platform.ts'
import { type Answer, Requests } from '../requests.ts'
import { backoffMs } from './backoff.ts'
import { asError, clip, closedBecause, verdictOf } from './close-error.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { type ConnectionSnapshot, type Disconnect, snapshotOf } from './connection-snapshot.ts'
import {
  type ConnectionState,
  type Effect,
  type Input,
  initialState,
  statusOf,
  transition,
} from './connection-state.ts'
import { Heartbeat } from './heartbeat.ts'
import { Renewal } from './renewal.ts'
import { Wire } from './wire.ts'

/** Opening and greeting together. */
const openTimeoutMs = 15_000
/** A connection that worked for so long counts as a success: the next failure starts the backoff anew. */
const lastingMs = 5_000
const connectId = 1

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: ParleyError) => void
}

/** Carries out what `connection-state.ts` decides: tokens, link, heartbeat, delays, requests and their answers. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #renewal: Renewal
  readonly #heartbeat: Heartbeat
  #state: ConnectionState
  #snapshot: ConnectionSnapshot
  #inputs: Input[] = []
  #isFeeding = false
  #wire: Wire | undefined
  #requests = new Requests(connectId)
  #turn = 0
  #token: string | undefined
  #result: ConnectResult | undefined
  #readyAt: number | undefined
  #openTimer: Timer | undefined
  #delay: Timer | undefined
  #error: ParleyError | undefined
  #waiters: Waiter[] = []
  #unwatch: (() => void) | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#state = initialState({ online: true, maxAttempts: options.maxAttempts })
    this.#snapshot = { status: 'disconnected', online: true }
    this.#heartbeat = new Heartbeat(options.clock, options.wishMs, () =>
      this.#lose(new ParleyError('timeout', 'Nothing came for too long.')),
    )
    this.#renewal = new Renewal({
      clock: options.clock,
      tokens: options.tokens,
      backoff: options.backoff,
      send: (token) =>
        new Promise((resolve) => {
          const isSent = this.request((id) => encodeFrame({ op: 'refresh', id, token }), resolve)
          if (!isSent) resolve({ status: 'lost' })
        }),
      failed: (error) => options.listener.emit('error', asError(error)),
    })
  }

  get snapshot(): ConnectionSnapshot {
    return this.#snapshot
  }

  /** True when calls can be sent. */
  get isReady(): boolean {
    return this.#readyAt !== undefined
  }

  connect(): Promise<void> {
    if (this.isReady) return Promise.resolve()
    const connected = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    // Whoever does not wait for the promise learns the reason from the status.
    connected.catch(() => undefined)
    if (this.#snapshot.status === 'disconnected')
      this.#feed({ type: this.#options.network.online() ? 'online' : 'offline' })
    this.#feed({ type: 'connect' })
    return connected
  }

  disconnect(): void {
    this.#feed({ type: 'disconnect' })
  }

  reconnect(): void {
    this.#feed({ type: 'reconnect' })
  }

  refresh(token?: string): Promise<void> {
    return this.#renewal.refresh(token)
  }

  /** Asks for a new token now, because the server said that the one it has is no longer good. */
  renewToken(): void {
    this.#renewal.hurry()
  }

  /**
   * Sends a request; `done` is called once with what came of it.
   *
   * @returns false when there is no link: nothing was sent and `done` is never called
   */
  request(encode: (id: number, fence: number) => string, done: (answer: Answer) => void): boolean {
    if (this.#wire === undefined || (this.#state.phase !== 'greeting' && !this.isReady)) return false
    this.#wire.send(this.#requests.add(encode, done))
    return true
  }

  /** Inputs that come up while effects run wait for their turn, so that each step is whole. */
  #feed(input: Input): void {
    this.#inputs.push(input)
    if (this.#isFeeding) return
    this.#isFeeding = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      const { state, effects } = transition(this.#state, next)
      this.#state = state
      for (const effect of effects) this.#run(effect)
      this.#publish()
    }
    this.#isFeeding = false
  }

  #run(effect: Effect): void {
    const { clock, backoff, listener } = this.#options
    switch (effect.type) {
      case 'get_token':
        return this.#fetchToken(effect.fresh)
      case 'open':
        return this.#open()
      case 'greet':
        return this.#greet()
      case 'ready':
        return this.#ready()
      case 'drop':
        return this.#leave()
      case 'back_off': {
        const delayMs = effect.minMs + backoffMs(effect.attempt, backoff, clock.random())
        this.#wait(delayMs)
        return listener.emit('reconnecting', { attempt: this.#state.attempt, delayMs })
      }
      case 'wait':
        return this.#wait(effect.delayMs)
      case 'cancel_wait':
        this.#delay?.cancel()
        this.#delay = undefined
        return
      case 'probe':
        this.#ping()
        return this.#heartbeat.probe()
      case 'pace':
        if (this.#heartbeat.isNews) this.#ping()
        return
      case 'ended':
        return this.#ended(effect.by)
    }
  }

  #wait(delayMs: number): void {
    this.#delay?.cancel()
    this.#delay = this.#options.clock.after(delayMs, () => this.#feed({ type: 'elapsed' }))
  }

  #fetchToken(fresh: boolean): void {
    this.#turn += 1
    const turn = this.#turn
    this.#options.tokens.get(fresh ? 'refused' : 'connect').then(
      (token) => {
        if (turn !== this.#turn) return
        this.#token = token
        this.#feed({ type: 'token' })
      },
      (cause: unknown) => {
        if (turn !== this.#turn) return
        const error = asError(cause)
        this.#error = error
        this.#options.listener.emit('error', error)
        this.#feed({ type: 'token_failed', final: cause instanceof ParleyError && !cause.retryable })
      },
    )
  }

  #open(): void {
    const { clock, transport, url } = this.#options
    this.#error = undefined
    this.#openTimer = clock.after(openTimeoutMs, () =>
      this.#lose(new ParleyError('timeout', `No answer within ${openTimeoutMs / 1000} s.`)),
    )
    const link = transport.open(url, {
      opened: () => this.#feed({ type: 'opened' }),
      received: (text) => this.#received(wire, text),
      closed: (code, reason) => this.#closed(wire, code, reason),
    })
    const wire = new Wire(link)
    this.#wire = wire
  }

  #greet(): void {
    const { client, listener } = this.#options
    const result = this.#result
    this.#wire?.send(
      encodeFrame({
        op: 'connect',
        id: connectId,
        versions: supportedVersions,
        client,
        token: this.#token,
        resume: result && { session: result.session, secret: result.secret },
        pingIntervalMs: this.#heartbeat.tell(),
      }),
    )
    listener.greeting()
  }

  #ready(): void {
    const result = this.#result
    if (result === undefined) return
    const { clock, listener } = this.#options
    this.#openTimer?.cancel()
    this.#readyAt = clock.elapsed()
    this.#error = undefined
    this.#heartbeat.start(result)
    this.#renewal.start(result)
    this.#publish()
    listener.ready(result)
    for (const waiter of this.#waiters.splice(0)) waiter.resolve()
    listener.emit('connected')
  }

  #ping(): void {
    this.#wire?.send(encodeFrame({ op: 'ping', pingIntervalMs: this.#heartbeat.tell() }))
  }

  #received(wire: Wire, text: string): void {
    if (wire !== this.#wire) return
    this.#heartbeat.seen()
    try {
      wire.receive(text, (frame) => {
        if (wire === this.#wire) this.#take(wire, frame)
      })
    } catch (cause) {
      const error = new ParleyError('bad_frame', 'What came is not of this protocol.', {
        cause,
      })
      this.#options.listener.emit('error', error)
      this.#lose(error)
    }
  }

  #take(wire: Wire, frame: ServerFrame): void {
    switch (frame.op) {
      case 'ping':
        return wire.send(encodeFrame({ op: 'pong' }))
      case 'pong':
        if (frame.pingIntervalMs) this.#heartbeat.pace(frame.pingIntervalMs)
        return
      case 'error':
        this.#error = ParleyError.from(frame.error)
        return
      case 'reply':
        return this.#reply(wire, frame)
      case 'goaway':
        return this.#feed({
          type: 'goaway',
          delayMs: frame.retryAfterMs + this.#options.clock.random() * frame.spreadMs,
        })
      case 'expiring':
        return this.#renewal.hurry()
      default:
        if (this.isReady) this.#options.listener.frame(frame)
    }
  }

  #reply(wire: Wire, frame: ReplyFrame): void {
    if (frame.id !== connectId) {
      // Before the server accepted, answers say only that there is no identity yet.
      if (this.isReady) this.#requests.answer(frame)
    } else if (frame.error === undefined) this.#accepted(wire, frame.ok as ConnectResult)
    else {
      const error = ParleyError.from(frame.error)
      this.#lose(error, verdictOf(error))
    }
  }

  #accepted(wire: Wire, result: ConnectResult): void {
    if (typeof result.session !== 'string' || !(result.pingIntervalMs > 0) || !(result.pingTimeoutMs > 0))
      throw new TypeError('The result of `connect` lacks fields.')
    wire.maxFrameBytes = result.maxFrameBytes
    this.#result = result
    this.#feed({ type: 'accepted' })
  }

  #closed(wire: Wire, code: number, reason: string): void {
    if (wire !== this.#wire) return
    const error = this.#error ?? closedBecause(code, reason)
    this.#wire = undefined
    this.#lose(error, closeVerdict(code), { code, reason })
  }

  /** The link is of no more use: for the state machine one input, for the application one reason. */
  #lose(
    error: ParleyError,
    verdict: CloseVerdict = 'reconnect',
    close = { code: 3000, reason: error.message },
  ): void {
    const wasReady = this.isReady
    const lasting = wasReady && this.#options.clock.elapsed() - (this.#readyAt ?? 0) >= lastingMs
    if (wasReady) this.#heartbeat.broke()
    const canGoOn = verdict !== 'refresh' || this.#options.tokens.canRefresh
    this.#error = error
    this.#drop(close)
    this.#feed({
      type: 'lost',
      verdict: canGoOn ? verdict : 'stop',
      lasting,
      retryAfterMs: error.retryAfterMs,
    })
    if (wasReady) {
      const willReconnect = this.#snapshot.status !== 'disconnected'
      this.#options.listener.emit('disconnect', { ...close, willReconnect, error } satisfies Disconnect)
    }
  }

  /** The client itself ends a connection, to go for good or to make another. */
  #leave(): void {
    const wasReady = this.isReady
    const willReconnect = statusOf(this.#state.phase) !== 'disconnected'
    const close = willReconnect
      ? { code: 3000, reason: 'reconnecting' }
      : { code: 1000, reason: 'disconnect' }
    this.#drop(close)
    if (wasReady) this.#options.listener.emit('disconnect', { ...close, willReconnect } satisfies Disconnect)
  }

  /** Gives the link up and answers what was asked on it. */
  #drop({ code, reason }: { readonly code: number; readonly reason: string }): void {
    const wire = this.#wire
    this.#turn += 1
    this.#wire = undefined
    this.#readyAt = undefined
    this.#openTimer?.cancel()
    this.#heartbeat.stop()
    this.#renewal.stop()
    wire?.close(code, clip(reason))
    const requests = this.#requests
    this.#requests = new Requests(connectId)
    requests.lose()
    this.#options.listener.lost()
  }

  #ended(by: 'user' | 'verdict' | 'failures'): void {
    if (by === 'user') this.#error = undefined
    else if (by === 'failures')
      this.#error = new ParleyError('connection_failed', undefined, { cause: this.#error })
    const error =
      this.#error ?? new ParleyError('disconnected', 'The client is disconnected. Call connect() first.')
    // A new start is a new session.
    this.#result = undefined
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
    this.#options.listener.ended(error)
  }

  #publish(): void {
    const facts = { result: this.#result, error: this.#error }
    const next = snapshotOf(this.#state, facts, this.#snapshot)
    this.#watch(next.status !== 'disconnected')
    if (next === this.#snapshot) return
    this.#snapshot = next
    this.#options.listener.emit('status', next.status, next)
  }

  #watch(isWanted: boolean): void {
    if (isWanted) this.#unwatch ??= this.#options.network.watch((hint) => this.#feed({ type: hint }))
    else {
      this.#unwatch?.()
      this.#unwatch = undefined
    }
  }
}
