import { ParleyError } from '@parley/protocol'
import { reportUnhandled, systemClock, type Timer } from '../../platform.ts'
import { RealtimeError } from '../realtime-error.ts'
import { type ConnectOptions, checkedOptions } from './connect-options.ts'
import { EndpointConnection } from './endpoint-connection.ts'
import { EventBus, type EventCallback } from './event-bus.ts'
import {
  type Counts,
  type PerformanceMetrics,
  performanceOf,
  type RawMetrics,
} from './performance-metrics.ts'
import { connectionProblem } from './security-level.ts'
import type { ServiceEvents } from './service-events.ts'
import { type ServicePlatform, servicePlatform } from './service-platform.ts'
import { type ServiceSettings, serverUrl } from './service-settings.ts'
import type { WebSocketMessage } from './websocket-message.ts'

const defaultIntervalMs = 5_000

/**
 * Named endpoints, each with a connection of its own, one event bus, and figures. A layer over `RealtimeClient`: messages
 * wait for a connection, arrive once and in order.
 */
export class WebSocketService {
  readonly #platform: ServicePlatform
  readonly #bus = new EventBus(reportUnhandled)
  readonly #endpoints = new Map<string, EndpointConnection>()
  readonly #total: Counts = { sent: 0, received: 0, failed: 0 }
  #settings: ServiceSettings
  #isInitialized = false
  #timer: Timer | undefined
  #cpu: { readonly ms: number; readonly at: number } | undefined

  /** Nothing happens before the first `connect`. */
  constructor(settings: ServiceSettings = {}, platform: ServicePlatform = servicePlatform) {
    this.#settings = settings
    this.#platform = platform
  }

  /**
   * Says where the server is and by what token. In a page the first `connect` does it by itself, with the server of the
   * page; elsewhere it has to be called. Nothing is connected yet.
   *
   * @throws RealtimeError `BAD_REQUEST` without an address, or with settings while endpoints are connected
   */
  async initialize(settings: ServiceSettings = {}): Promise<void> {
    if (Object.keys(settings).length > 0 && this.#endpoints.size > 0)
      throw refused('bad_request', 'Settings hold for all endpoints: disconnect them before you change any.')
    const next = { ...this.#settings, ...settings }
    serverUrl(next.url, this.#platform.page)
    this.#settings = next
    this.#isInitialized = true
  }

  /**
   * Connects an endpoint: the channel `room:<endpoint>`, or the one that it names with its kind. Resolves when messages
   * can be sent. An endpoint that is connected already stays as it is; one that has given up begins anew, without
   * `options` with those that it had.
   *
   * @throws RealtimeError when an option or the security level refuses it (`BAD_REQUEST`, `FORBIDDEN`), or as
   *   `RealtimeClient.connect`
   */
  async connect(endpoint: string, options?: ConnectOptions): Promise<void> {
    await this.#begin()
    const known = this.#endpoints.get(endpoint)
    const checked = options === undefined && known ? known.options : checkedOptions(endpoint, options)
    const { token, trustedOrigins = [] } = this.#settings
    const url = serverUrl(this.#settings.url, this.#platform.page)
    const problem = connectionProblem(checked.security_level, {
      ...{ url, trustedOrigins },
      page: this.#platform.page === undefined ? undefined : new URL(this.#platform.page).origin,
      token: token === undefined ? 'none' : typeof token === 'function' ? 'renewed' : 'fixed',
    })
    if (problem !== undefined) {
      this.#raise('security_alert', { endpoint, ...problem })
      throw refused('forbidden', problem.message)
    }
    if (known?.isClosing === true)
      throw refused('bad_request', `\`${endpoint}\` is being disconnected: wait for \`disconnect\`.`)
    if (known !== undefined && known.status !== 'disconnected') {
      if (JSON.stringify(checked) === JSON.stringify(known.options)) return known.connect()
      throw refused('bad_request', `\`${endpoint}\` has other options: disconnect it before you change them.`)
    }
    const connection = new EndpointConnection({
      ...{ endpoint, url, options: checked, settings: this.#settings, total: this.#total },
      raise: (event, data) => this.#raise(event, data),
    })
    this.#endpoints.set(endpoint, connection)
    this.#schedule()
    return connection.connect()
  }

  /**
   * Resolves when the server has taken the message; while there is no connection it waits for one. What became of it is
   * in `getRawMetrics()`, and told by `message_sent` or `message_failed`.
   *
   * @throws RealtimeError when it is no message, was refused, or cannot be sent any more
   */
  async send(endpoint: string, message: WebSocketMessage): Promise<void> {
    const connection = this.#endpoints.get(endpoint)
    if (connection === undefined)
      throw refused('disconnected', `\`${endpoint}\` is not connected. Call \`connect\` first.`)
    return connection.send(message)
  }

  /** Waits a moment for messages on their way, then ends the connection and releases what it held. */
  async disconnect(endpoint: string): Promise<void> {
    const connection = this.#endpoints.get(endpoint)
    if (connection === undefined) return
    await connection.finish()
    // It may have been disconnected twice.
    if (this.#endpoints.get(endpoint) !== connection) return
    this.#endpoints.delete(endpoint)
    connection.end()
    if (connection.options.monitoring_enabled) this.#update()
    if (!this.#isMonitoring) this.#rest()
  }

  /** Returns the function that removes the callback. The same callback is called once, however often it is added. */
  on(event: '*', callback: (event: string, data: unknown) => void): () => void
  on<Name extends keyof ServiceEvents>(event: Name, callback: (data: ServiceEvents[Name]) => void): () => void
  on(event: string, callback: EventCallback): () => void
  on(event: string, callback: EventCallback): () => void {
    this.#bus.on(event, callback)
    return () => this.#bus.off(event, callback)
  }

  /** Removes a callback; without one, all of that event. */
  off(event: string, callback?: EventCallback): void {
    this.#bus.off(event, callback)
  }

  /** Tells the callbacks of an event, within this service; nothing is sent. */
  emit(event: string, data: unknown): void {
    if (this.#settings.debug !== false && this.#platform.isDevelopment)
      this.#platform.log('[WebSocket Debug]', event, data)
    this.#bus.emit(event, data)
  }

  /** Whether each endpoint is connected. */
  getConnectionStatus(): { [endpoint: string]: boolean } {
    return Object.fromEntries(
      [...this.#endpoints].map(([endpoint, { status }]) => [endpoint, status === 'connected']),
    )
  }

  getRealTimePerformanceMetrics(): PerformanceMetrics {
    return performanceOf(this.getRawMetrics(), this.#total, {
      cpuPercent: this.#cpuPercent(),
      memoryBytes: this.#platform.memoryBytes,
    })
  }

  /** The same. */
  getPerformanceMetrics(): PerformanceMetrics {
    return this.getRealTimePerformanceMetrics()
  }

  getRawMetrics(): RawMetrics {
    const { clock = systemClock } = this.#settings
    return {
      timestamp: new Date(clock.now()).toISOString(),
      endpoints: Object.fromEntries(
        [...this.#endpoints].map(([endpoint, connection]) => [endpoint, connection.metrics()]),
      ),
    }
  }

  async #begin(): Promise<void> {
    if (this.#isInitialized) return
    if (this.#platform.page === undefined)
      throw refused(
        'bad_request',
        'Outside of a page the service does not start by itself. Call `initialize({ url, token })` first.',
      )
    await this.initialize()
  }

  #raise<Name extends keyof ServiceEvents>(event: Name, data: ServiceEvents[Name]): void {
    this.emit(event, data)
    if (event !== 'connection_open' && event !== 'connection_close') return
    const { endpoint } = data as ServiceEvents['connection_open']
    if (this.#endpoints.get(endpoint)?.options.monitoring_enabled === true) this.#update()
  }

  #update(): void {
    this.emit('metrics_update', this.getRealTimePerformanceMetrics())
  }

  get #isMonitoring(): boolean {
    return [...this.#endpoints.values()].some(({ options }) => options.monitoring_enabled)
  }

  #schedule(): void {
    if (!this.#isMonitoring || this.#timer !== undefined) return
    const { clock = systemClock, metricsIntervalMs = defaultIntervalMs } = this.#settings
    this.#timer = clock.after(metricsIntervalMs, () => {
      this.#timer = undefined
      this.#update()
      this.#schedule()
    })
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #cpuPercent(): number | undefined {
    const ms = this.#platform.cpuMs
    const at = (this.#settings.clock ?? systemClock).elapsed()
    const before = this.#cpu
    if (ms === undefined) return undefined
    this.#cpu = { ms, at }
    return before === undefined || at <= before.at ? undefined : (100 * (ms - before.ms)) / (at - before.at)
  }
}

function refused(code: 'bad_request' | 'disconnected' | 'forbidden', message: string): RealtimeError {
  return RealtimeError.from(new ParleyError(code, message))
}
