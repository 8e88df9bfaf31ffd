import { systemClock } from '@parley/adapters/system-clock'
import {
  type Accept,
  type Authenticator,
  createNode,
  defineKind,
  type Identity,
  implement,
  type Module,
  type ModuleServices,
  type Node,
  type Transport,
} from '@parley/kernel'
import { memoryMetrics, memoryRecentLog, memoryStore, silentLogger } from '@parley/kernel/memory'
import { defineContract, ParleyError } from '@parley/protocol'
import { channels } from './message.ts'
import type { ManagerSettings } from './options.ts'

const app = 'default'
const hour = 3_600_000
const unlimited = { perSecond: 0, burst: 0 }
const few = 1_000

/** What a manager adds to the node on which it is. */
export interface ManagerParts {
  readonly module: Module
  readonly transport: Transport
  /** Knows the connections of the manager, and asks the other one about everybody else. */
  authenticatorOver(others?: Authenticator): Authenticator
}

export interface ManagerEvent {
  readonly channel: string
  readonly type: string
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>>
}

/** How a manager reaches its node: one that it is part of, or its own. */
export class ManagerNode {
  readonly parts: ManagerParts
  readonly #settings: ManagerSettings
  readonly #accept = Promise.withResolvers<Accept>()
  #services: ModuleServices | undefined
  #node: Node | undefined
  #isGuest = false
  #starting: Promise<void> | undefined

  constructor(settings: ManagerSettings, token: string) {
    this.#settings = settings
    this.parts = {
      module: implement(contract, {
        kinds: kindsOf(settings),
        handlers: {},
        start: (services) => {
          this.#services = services
        },
      }),
      transport: {
        name: 'realtime-manager',
        start: (accept) => this.#accept.resolve(accept),
        stop: () => undefined,
      },
      authenticatorOver: (others) => insiders(token, others),
    }
  }

  /** It is part of a server, which starts and stops it. */
  joined(): ManagerParts {
    if (this.#isGuest || this.#starting !== undefined)
      throw new Error(
        'A RealtimeManager belongs to one server, and is given to it before its first connection.',
      )
    this.#isGuest = true
    return this.parts
  }

  /** Fulfilled when connections may enter. */
  async ready(): Promise<Accept> {
    if (!this.#isGuest) this.#starting ??= this.#start()
    await this.#starting
    return this.#accept.promise
  }

  /** @throws ParleyError when the event is too large, or the node is not running */
  async publish(event: ManagerEvent): Promise<void> {
    if (this.#services === undefined) throw new ParleyError('unavailable', 'The manager is not running.')
    await this.#services.run(app, (ctx) => void ctx.append(event))
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    await this.#node?.stop({ graceMs: few, windowMs: 0 })
  }

  async #start(): Promise<void> {
    const clock = systemClock()
    const { maxConnections, heartbeatInterval, pingTimeout } = this.#settings
    this.#node = createNode({
      ...{ clock, logger: silentLogger, metrics: memoryMetrics() },
      store: memoryStore({ clock }),
      recentLog: memoryRecentLog({ clock }),
      authenticator: this.parts.authenticatorOver(),
      transports: [this.parts.transport],
      modules: [this.parts.module],
      limits: {
        ...{ maxConnections, maxConnectionsPerIp: maxConnections, maxSubscriptionsPerSession: 100_000 },
        ...{ pingIntervalMs: heartbeatInterval, pingTimeoutMs: pingTimeout },
      },
      rates: { connection: unlimited, user: unlimited, ip: unlimited, connectPerIp: unlimited },
    })
    await this.#node.start()
  }
}

const contract = defineContract({
  name: 'rooms',
  summary: 'Rooms of a RealtimeManager.',
  commands: {},
  events: {},
})

function kindsOf({ messageBufferSize, maxMessageSize }: ManagerSettings) {
  return Object.values(channels.kinds).map((name) =>
    defineKind(contract.name, name, {
      durability: 'recent',
      presence: false,
      access: { read: 'granted', write: 'backend', presence: 'backend', manage: 'backend' },
      retention: {
        maxEvents: messageBufferSize,
        maxAgeMs: hour,
        maxBytes: Math.max(messageBufferSize * few, 4 * maxMessageSize),
      },
      limits: { maxEventBytes: maxMessageSize },
    }),
  )
}

function insiders(token: string, others: Authenticator | undefined): Authenticator {
  const identity: Identity = { app, role: 'user', grants: [{ pattern: '*', actions: ['read'] }] }
  return {
    authenticate: async (credentials) => {
      if (credentials.token === token) return identity
      if (others === undefined) throw new ParleyError('unauthenticated')
      return others.authenticate(credentials)
    },
  }
}
