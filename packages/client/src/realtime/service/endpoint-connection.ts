import { ParleyError } from '@parley/protocol'
import type { ConnectionStatus } from '../../connection/connection-state.ts'
import { ConnectionHealth } from '../../health/connection-health.ts'
import { systemClock } from '../../platform.ts'
import { RealtimeClient } from '../realtime-client.ts'
import { RealtimeError } from '../realtime-error.ts'
import type { SentMessage } from '../realtime-message.ts'
import type { CheckedOptions } from './connect-options.ts'
import type { Counts, Delivery, RawEndpointMetrics } from './performance-metrics.ts'
import { messageProblem, type SecurityProblem } from './security-level.ts'
import type { Raise } from './service-events.ts'
import type { ServiceSettings } from './service-settings.ts'
import { received, tagsOf, type WebSocketMessage } from './websocket-message.ts'

export interface EndpointParts {
  readonly endpoint: string
  readonly url: URL
  readonly options: CheckedOptions
  readonly settings: ServiceSettings
  /** Of the whole service. */
  readonly total: Counts
  readonly raise: Raise
}

const deliveriesKept = 100
const defaults = { metricsIntervalMs: 5_000, closingMs: 5_000 }

/** One endpoint: a connection of its own to the channel that the endpoint is, and what is known of it. */
export class EndpointConnection {
  readonly #parts: EndpointParts
  readonly #client: RealtimeClient
  readonly #counts: Counts = { sent: 0, received: 0, failed: 0 }
  readonly #onTheirWay = new Set<Promise<SentMessage>>()
  #health: ConnectionHealth | undefined
  #deliveries: readonly Delivery[] = []
  #opened = 0
  #wasPoor = false
  #isClosing = false

  constructor(parts: EndpointParts) {
    this.#parts = parts
    const { endpoint, options, settings, url } = parts
    const [connectionType, ...fallbackTypes] = options.protocols
    const { WebSocket, clock, fetch, metricsIntervalMs = defaults.metricsIntervalMs, network } = settings
    this.#client = new RealtimeClient({
      ...{ url: url.href, connectionType, fallbackTypes, WebSocket, clock, fetch, network },
      channel: endpoint.includes(':') ? endpoint : `room:${endpoint}`,
      connectionTimeout: options.connection_timeout,
      maxReconnectAttempts: options.retry_attempts,
      authentication: { token: settings.token },
      ...(options.monitoring_enabled
        ? {
            health: (made) => {
              this.#health = new ConnectionHealth({ ...made, intervalMs: metricsIntervalMs })
              return this.#health
            },
          }
        : {}),
    })
    this.#follow()
    this.#watch()
  }

  get status(): ConnectionStatus {
    return this.#client.status
  }

  get options(): CheckedOptions {
    return this.#parts.options
  }

  connect(): Promise<void> {
    return this.#client.connect()
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  /** Takes no more messages, and lets those on their way arrive, for a while. */
  async finish(): Promise<void> {
    this.#isClosing = true
    const { clock = systemClock, closingMs = defaults.closingMs } = this.#parts.settings
    if (this.status !== 'connected' || this.#onTheirWay.size === 0) return
    const arrived = Promise.allSettled(this.#onTheirWay)
    await new Promise<void>((resolve) => {
      const timer = clock.after(closingMs, resolve)
      void arrived.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** Ends the connection and releases what it held. */
  end(): void {
    this.#client.disconnect()
  }

  async send(message: WebSocketMessage): Promise<void> {
    const tags = tagsOf(message)
    const { options, endpoint, raise } = this.#parts
    const problem = messageProblem(options.security_level, message, this.#client.client.connection.user)
    if (problem !== undefined) throw this.#refuse(problem)
    if (this.#isClosing)
      throw RealtimeError.from(new ParleyError('disconnected', `\`${endpoint}\` is being disconnected.`))
    const { type, data, priority = 'normal' } = message
    const going = this.#client.send(type, data, { priority, tags })
    this.#onTheirWay.add(going)
    const settle = this.#track(type)
    try {
      const { id, offset } = await going
      settle({ state: 'sent', id, offset })
      this.#count('sent')
      raise('message_sent', { endpoint, message, id, offset })
    } catch (cause) {
      const error = RealtimeError.from(cause)
      settle({ state: 'failed', error: error.code })
      this.#count('failed')
      raise('message_failed', { endpoint, message, error })
      this.#suspect(error)
      throw error
    } finally {
      this.#onTheirWay.delete(going)
    }
  }

  metrics(): RawEndpointMetrics {
    const { roundTripMs, connectionType } = this.#client.getConnectionInfo()
    return {
      ...{ status: this.status, protocol: connectionType, options: this.#parts.options },
      ...{ ...this.#counts, opened: this.#opened, queued: this.#onTheirWay.size },
      ...(roundTripMs === undefined ? {} : { round_trip_ms: roundTripMs }),
      ...(this.#health === undefined ? {} : { health: this.#health.getMetrics() }),
      deliveries: this.#deliveries,
    }
  }

  /** Answers what is called with what became of it. */
  #track(type: string): (end: Pick<Delivery, 'state' | 'id' | 'offset' | 'error'>) => void {
    const { clock = systemClock } = this.#parts.settings
    const began = clock.elapsed()
    let last: Delivery = { type, state: 'queued', queued_at: new Date(clock.now()).toISOString() }
    this.#deliveries = [...this.#deliveries, last].slice(-deliveriesKept)
    return (end) => {
      const next = { ...last, ...end, took_ms: Math.round(clock.elapsed() - began) }
      this.#deliveries = this.#deliveries.map((delivery) => (delivery === last ? next : delivery))
      last = next
    }
  }

  #count(kind: keyof Counts): void {
    this.#counts[kind] += 1
    this.#parts.total[kind] += 1
  }

  #follow(): void {
    const { endpoint, raise } = this.#parts
    const client = this.#client
    client.on('connect', () => {
      this.#opened += 1
      this.#wasPoor = false
      raise('connection_open', { endpoint, protocol: client.getConnectionInfo().connectionType })
    })
    client.on('disconnect', (reason, { code, willReconnect }) => {
      raise('connection_close', { endpoint, reason, willReconnect, code })
      if (reason === 'kicked')
        raise('security_alert', { endpoint, kind: 'kicked', message: 'The server ended the connection.' })
    })
    client.on('connection_failed', ({ error }) => {
      raise('connection_failed', { endpoint, error })
      this.#suspect(error)
    })
    client.on('error', (error) => {
      raise('error', { endpoint, error })
      if (error.code === 'FORBIDDEN') this.#suspect(error)
    })
    client.on('message', (message) => {
      this.#count('received')
      raise('message', { endpoint, message: received(message) })
    })
  }

  #watch(): void {
    const { endpoint, raise, options } = this.#parts
    if (!options.monitoring_enabled) return
    const alert = (kind: 'failure_predicted' | 'poor_quality' | 'messages_missed', message: string) =>
      raise('performance_alert', { endpoint, kind, message })
    this.#client.on('messages_missed', () =>
      alert('messages_missed', 'Messages were sent that are kept no more. Load the state anew.'),
    )
    this.#health?.on('failure_predicted', ({ reason }) => alert('failure_predicted', reason))
    this.#health?.on('health', ({ latency, packet_loss }) => {
      const isPoor = this.#health?.detector.getConnectionQuality() === 'poor'
      if (isPoor && !this.#wasPoor)
        alert(
          'poor_quality',
          `A round trip takes ${Math.round(latency ?? 0)} ms, and ${Math.round(packet_loss * 100)} % are lost.`,
        )
      this.#wasPoor = isPoor
    })
  }

  /** An error that says that somebody may not do what they tried. */
  #suspect({ code, message }: RealtimeError): void {
    const { endpoint, raise } = this.#parts
    if (code === 'AUTH_ERROR') raise('security_alert', { endpoint, kind: 'token_refused', message })
    if (code === 'FORBIDDEN') raise('security_alert', { endpoint, kind: 'forbidden', message })
  }

  #refuse({ kind, message }: SecurityProblem): RealtimeError {
    const { endpoint, raise } = this.#parts
    raise('security_alert', { endpoint, kind, message })
    return RealtimeError.from(new ParleyError('forbidden', message))
  }
}
