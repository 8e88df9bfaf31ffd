import {
  type ConnectionHealthMetrics,
  type ErrorCode,
  type ParleyError,
  qualityScore,
} from '@parley/protocol'
import type { Disconnect } from '../connection/connection-snapshot.ts'
import { Emitter } from '../emitter.ts'
import { type Clock, reportUnhandled, systemClock, type Timer } from '../platform.ts'
import type { ClientTransport } from '../transport.ts'
import { type FallbackOptions, fallbackTransport } from '../transports/fallback.ts'
import { websocketTransport } from '../transports/websocket.ts'
import { ConnectionQualityDetector } from './connection-quality-detector.ts'
import { type FailurePrediction, FailurePredictor } from './failure-predictor.ts'
import type { LinkReading } from './link-reading.ts'
import { monitoredTransport } from './monitored-transport.ts'
import { reconnectMoment } from './reconnect-moment.ts'
import { rehearse } from './rehearsal.ts'

export interface ConnectionHealthOptions {
  /** Ways to the server, in the order in which they are tried. Default: WebSocket alone. */
  readonly transports?: readonly ClientTransport[] | undefined
  readonly fallback?: FallbackOptions | undefined
  /** How often a link is probed and judged, in ms. Default 5,000, for which the prediction was made. */
  readonly intervalMs?: number | undefined
  /** Whether a link that is about to fail is left for one that answers. Default true. */
  readonly switches?: boolean | undefined
  /** Whether a pause before an attempt ends when the server answers again. Default true. */
  readonly hastens?: boolean | undefined
  readonly clock?: Clock | undefined
}

/** What `ConnectionHealth.on` can be given. */
export interface ConnectionHealthEvents {
  /** After every reading. */
  health: (metrics: ConnectionHealthMetrics) => void
  /** A failure is to be expected: told when that begins. */
  failure_predicted: (prediction: FailurePrediction) => void
  /** The connection is made anew, by this transport, before it fails. */
  switch: (to: { readonly transport: string; readonly reason: string }) => void
}

/** What is needed of a client. */
export interface HealthClient {
  readonly url: string
  readonly status: 'connecting' | 'connected' | 'disconnected'
  readonly connection: { readonly session?: string | undefined }
  reconnect(): void
  on(name: 'disconnect', handler: (end: Disconnect) => void): () => void
  on(
    name: 'reconnecting',
    handler: (attempt: { readonly attempt: number; readonly delayMs: number }) => void,
  ): () => void
  on(name: 'connected', handler: () => void): () => void
  on(name: 'status', handler: (status: 'connecting' | 'connected' | 'disconnected') => void): () => void
}

const usualIntervalMs = 5_000
const patienceMs = 3_000
/** A connection that was left for another is not left again before this. */
const restMs = 30_000
const outagesKept = 8
const readingsKept = 24

/**
 * Watches the connection of one client: what it is like, whether it will fail, and what to do about that. Give the client
 * `transport`, then `attach` it.
 */
export class ConnectionHealth {
  /** What a client has to be given as its transport. */
  readonly transport: ClientTransport
  readonly detector = new ConnectionQualityDetector()
  readonly #options: ConnectionHealthOptions
  readonly #clock: Clock
  readonly #transports: readonly ClientTransport[]
  readonly #predictor: FailurePredictor
  readonly #events = new Emitter(reportUnhandled)
  #preferred = 0
  #current: ClientTransport
  #client: HealthClient | undefined
  #detach: () => void = () => undefined
  #prediction: FailurePrediction | undefined
  #readings: LinkReading[] = []
  #outagesMs: number[] = []
  #lostAt: number | undefined
  #beganAt: number | undefined
  #absentMs = 0
  #cause: 'line' | 'server' = 'line'
  #restsUntil = 0
  /** Elapsed time of the last answer to a probe. */
  #answeredAt = 0
  #timer: Timer | undefined
  #cancelRehearsal: (() => void) | undefined

  constructor(options: ConnectionHealthOptions = {}) {
    const { clock = systemClock, intervalMs = usualIntervalMs, transports = [websocketTransport()] } = options
    this.#options = options
    this.#clock = clock
    this.#transports = transports
    this.#current = fallbackTransport(transports, options.fallback)
    this.#predictor = new FailurePredictor(intervalMs)
    const switching: ClientTransport = {
      name: 'switching',
      open: (url, handlers) => this.#current.open(url, handlers),
    }
    const monitored = monitoredTransport(switching, {
      ...{ clock, intervalMs },
      onLink: () => this.#began(),
      onRoundTrip: (ms) => {
        this.#answeredAt = clock.elapsed()
        this.detector.recordLatency(ms)
      },
      onReading: (reading) => this.#read(reading, intervalMs),
      onEnd: () => this.#cancel(),
    })
    const name = () => this.#current.name
    this.transport = {
      get name() {
        return name()
      },
      open: (url, handlers) => monitored.open(url, handlers),
    }
  }

  /** Acts for this client from now on. Answers what ends that. */
  attach(client: HealthClient): () => void {
    this.#detach()
    this.#client = client
    const stops = [
      client.on('disconnect', (end) => this.#lost(end)),
      client.on('reconnecting', (attempt) => {
        // What ended the connection is told behind it, in the same turn.
        queueMicrotask(() => this.#await(attempt))
      }),
      client.on('connected', () => this.#connected()),
      client.on('status', (status) => {
        if (status === 'disconnected') this.#cancel()
      }),
    ]
    this.#detach = () => {
      for (const stop of stops) stop()
      this.#cancel()
      this.#client = undefined
    }
    return this.#detach
  }

  /** Returns the function that removes the handler. */
  on<Name extends keyof ConnectionHealthEvents>(
    name: Name,
    handler: ConnectionHealthEvents[Name],
  ): () => void {
    return this.#events.on(name, handler)
  }

  getMetrics(): ConnectionHealthMetrics {
    const { jitterMs, latencyMs, packetLoss } = this.detector.getMeasurements()
    const now = this.#clock.elapsed()
    const last = this.#readings.at(-1)
    const seconds = (this.#readings.length * (this.#options.intervalMs ?? usualIntervalMs)) / 1_000
    const sum = (key: 'answers' | 'errors' | 'received' | 'sent') =>
      this.#readings.reduce((total, reading) => total + reading[key], 0)
    const livedMs = now - (this.#beganAt ?? now)
    const absentMs = this.#absentMs + (this.#lostAt === undefined ? 0 : now - this.#lostAt)
    const latency = Math.max(latencyMs ?? 0, last?.waitingMs ?? 0)
    return {
      connection_id: this.#client?.connection.session ?? '',
      ...(latencyMs === undefined ? {} : { latency: latencyMs }),
      packet_loss: packetLoss,
      ...(seconds === 0 ? {} : { bandwidth_usage: (sum('received') + sum('sent')) / seconds }),
      active_messages: last?.requests ?? 0,
      uptime_percentage: livedMs === 0 ? 0 : Math.max(0, 100 * (1 - absentMs / livedMs)),
      error_rate: Math.min(1, sum('errors') / Math.max(1, sum('answers'))),
      quality_score: qualityScore({ latencyMs: latency, jitterMs: jitterMs ?? 0, loss: packetLoss }),
      ...(this.#prediction?.isAlarm === true
        ? { predicted_failure: predictedFailure(this.#prediction) }
        : {}),
    }
  }

  #began(): void {
    this.#beganAt ??= this.#clock.elapsed()
    this.#predictor.reset()
    this.#prediction = undefined
    this.#readings = []
  }

  #read(reading: LinkReading, intervalMs: number): void {
    this.#readings = [...this.#readings, reading].slice(-readingsKept)
    if (reading.roundTripMs === undefined && reading.waitingMs >= intervalMs) this.detector.recordPacketLoss()
    const before = this.#prediction
    const prediction = this.#predictor.add(reading)
    this.#prediction = prediction
    this.#events.emit('health', this.getMetrics())
    if (prediction.isAlarm && before?.isAlarm !== true) this.#events.emit('failure_predicted', prediction)
    if (prediction.isAlarm && this.#options.switches !== false) this.#consider()
  }

  /** Looks for a way that answers while this one is about to fail. */
  #consider(): void {
    const client = this.#client
    if (client === undefined || this.#cancelRehearsal !== undefined) return
    if (this.#clock.elapsed() < this.#restsUntil) return
    const startedAt = this.#clock.elapsed()
    void this.#tryEach(client, this.#order()).then((index) => {
      if (index === undefined) return
      // What comes back to life on the old link may be a moment behind.
      const graceMs = Math.min(1_000, 100 + 2 * (this.detector.getMeasurements().latencyMs ?? 0))
      this.#timer = this.#clock.after(graceMs, () => {
        if (this.#answeredAt < startedAt) this.#switchTo(client, index)
      })
    })
  }

  #switchTo(client: HealthClient, index: number): void {
    const prediction = this.#prediction
    if (prediction?.isAlarm !== true || client.status !== 'connected') return
    this.#restsUntil = this.#clock.elapsed() + restMs
    this.#prefer(index)
    const transport = this.#transports[index]?.name ?? 'none'
    this.#events.emit('switch', { transport, reason: prediction.reason })
    client.reconnect()
  }

  /** Transports by promise: what suits the line, then the others as they were given. */
  #order(): readonly number[] {
    const indices = this.#transports.map((_, index) => (this.#preferred + index) % this.#transports.length)
    const suggested = this.detector.getSuggestedConnectionType()
    const fits = (index: number) => (this.#transports[index]?.name === suggested ? 0 : 1)
    return indices.sort((a, b) => fits(a) - fits(b))
  }

  #prefer(index: number): void {
    this.#preferred = index
    const order = this.#transports.map(
      (_, step) => this.#transports[(index + step) % this.#transports.length],
    )
    this.#current = fallbackTransport(order as ClientTransport[], this.#options.fallback)
  }

  /** The index of the first transport over which the server answers. */
  async #tryEach(client: HealthClient, order: readonly number[]): Promise<number | undefined> {
    for (const index of order) {
      const rehearsal = rehearse(this.#transports[index] as ClientTransport, client.url, {
        clock: this.#clock,
        patienceMs,
      })
      let isCancelled = false
      this.#cancelRehearsal = () => {
        isCancelled = true
        rehearsal.cancel()
      }
      const isAlive = await rehearsal.answered
      this.#cancelRehearsal = undefined
      if (isCancelled) return undefined
      if (isAlive) return index
    }
    return undefined
  }

  #lost({ code, error }: Disconnect): void {
    this.#cause = isServers(code, error) ? 'server' : 'line'
    this.#lostAt = this.#clock.elapsed()
  }

  #connected(): void {
    this.#timer?.cancel()
    const lostAt = this.#lostAt
    this.#lostAt = undefined
    if (lostAt === undefined) return
    const outageMs = this.#clock.elapsed() - lostAt
    this.#absentMs += outageMs
    if (this.#cause === 'line') this.#outagesMs = [...this.#outagesMs, outageMs].slice(-outagesKept)
  }

  /** A pause runs before the next attempt: the client is told earlier if the server answers. */
  #await({ attempt, delayMs }: { readonly attempt: number; readonly delayMs: number }): void {
    const client = this.#client
    if (client === undefined || this.#options.hastens === false || this.#cause === 'server') return
    const situation = { attempt, delayMs, cause: this.#cause, outagesMs: this.#outagesMs }
    const momentMs = reconnectMoment({ ...situation, random: this.#clock.random() })
    if (momentMs >= delayMs) return
    const endsAt = this.#clock.elapsed() + delayMs
    this.#timer?.cancel()
    this.#timer = this.#clock.after(momentMs, () => {
      void this.#tryEach(client, this.#order()).then((index) => {
        const leftMs = endsAt - this.#clock.elapsed()
        // When the pause is over the client tries by itself.
        if (client.status !== 'connecting' || leftMs <= 0) return
        if (index !== undefined) client.reconnect()
        else this.#await({ attempt: attempt + 1, delayMs: leftMs })
      })
    })
  }

  #cancel(): void {
    this.#timer?.cancel()
    this.#cancelRehearsal?.()
    this.#cancelRehearsal = undefined
  }
}

const serversOwn: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'internal',
  'overloaded',
  'rate_limited',
  'unavailable',
])

/** Whether the end of a connection was the server's doing: by its close code, or because it says when to come back. */
function isServers(code: number, error: ParleyError | undefined): boolean {
  if (error?.retryAfterMs !== undefined || (error !== undefined && serversOwn.has(error.code))) return true
  return code === 1001 || (code >= 1011 && code <= 1014) || (code >= 4000 && code !== 4203)
}

function predictedFailure({ probability, reason, timeframe }: FailurePrediction) {
  return { probability, timeframe, reason }
}
