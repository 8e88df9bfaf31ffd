import { ParleyError } from '@parley/protocol'
import { Flags } from '../../flags.ts'
import type { Limits } from '../../limits.ts'
import { silentLogger } from '../../memory/logger.ts'
import { memoryRecentLog } from '../../memory/recent-log.ts'
import type { MemoryStore } from '../../memory/store.ts'
import { createNode, type Node } from '../../node/node.ts'
import type { Authenticator, Identity } from '../../ports/authenticator.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Transport } from '../../ports/transport.ts'
import { simulatedModule } from './module.ts'
import type { SimulatedProcess } from './process.ts'
import type { World } from './world.ts'

/** Small, so that every bound is met often. */
export const limits = {
  ringEvents: 24,
  readEvents: 12,
  maxBatchBytes: 1_200,
  highWaterBytes: 1_000,
  maxQueuedBytes: 2_000,
  maxControlBytes: 8_000,
  pingIntervalMs: 2_000,
  pingTimeoutMs: 500,
  sessionTtlMs: 4_000,
  connectTimeoutMs: 2_000,
  tokenGraceMs: 1_000,
  slowConsumerMs: 2_500,
  channelIdleMs: 2_000,
  maxCallsInFlight: 40,
  silentPositionMs: 2_000,
} as const satisfies Partial<Limits>

/** So few that a burst of publishes meets it. */
const userRate = { perSecond: 20, burst: 8 }

interface Running {
  readonly process: SimulatedProcess
  readonly store: MemoryStore
  readonly node: Node
  phase: 'starting' | 'up' | 'draining'
}

/** The processes of the servers: started, killed, stopped and drained. */
export class Nodes {
  readonly #world: World
  readonly #slots: (Running | undefined)[]
  #starts = 0
  #isLimited = false
  /** Processes that run in the disk's commit right now. */
  #committing: number | undefined

  constructor(world: World, count: number) {
    this.#world = world
    this.#slots = Array.from({ length: count }, () => undefined)
  }

  get count(): number {
    return this.#slots.length
  }

  /** Ids of the nodes that run, as they know each other. */
  get ids(): readonly string[] {
    return this.all().map(({ node }) => node.id)
  }

  /** A node that serves, if there is one. */
  serving(): Running | undefined {
    const up = this.#slots.filter((running) => running?.phase === 'up' && !running.process.isFrozen)
    return up.length === 0 ? undefined : this.#world.random.pick(up)
  }

  running(slot: number): Running | undefined {
    return this.#slots[slot % this.count]
  }

  all(): readonly Running[] {
    return this.#slots.filter((running) => running !== undefined)
  }

  /** Starts the process of a slot, if it is not running. */
  boot(slot: number): void {
    if (this.#slots[slot] !== undefined) return
    const world = this.#world
    this.#starts += 1
    const process = world.process(`node-${slot}#${this.#starts}`)
    const store = world.database.store(process, () => {
      this.#committing = slot
    })
    // A single node keeps what is recent in its own memory.
    if (this.count === 1 && this.#starts > 1) world.oracle.memoryLost()
    const shared = {
      broker: world.lines.broker(process),
      lease: world.lines.lease,
      recentLog: world.lines.recentLog(process),
    }
    const off = { perSecond: 0, burst: 0 }
    const flags = new Flags({ rateLimiting: this.#isLimited, advancedFiltering: true })
    const node = createNode({
      ...{ store, clock: process, limits, apps: world.apps },
      ...(this.count === 1 ? { recentLog: memoryRecentLog({ clock: process }) } : shared),
      authenticator: authenticator(process),
      transports: [this.#transport(process)],
      modules: [simulatedModule()],
      logger: silentLogger,
      metrics: unread,
      ...{ flags, rates: { connection: off, user: userRate, ip: off, connectPerIp: off } },
    })
    const running: Running = { process, store, node, phase: 'starting' }
    this.#slots[slot] = running
    world.note(`node ${slot} starts`)
    node.start().then(
      () => {
        running.phase = 'up'
        world.note(`node ${slot} serves`)
      },
      (error: unknown) => {
        // The disk refused: whoever looks after processes starts it again.
        world.note(`node ${slot} could not start: ${String(error)}`)
        this.kill(slot, {})
        world.clock.after(200, () => this.boot(slot))
      },
    )
  }

  #transport(process: SimulatedProcess): Transport {
    const world = this.#world
    const below = world.network.transport(process)
    const carried = (message: string) => world.carried(message, process.name)
    return world.wire?.node(below, { clock: process, carried }) ?? below
  }

  /** Users may call so often and no more, in the middle of whatever they are sending; or as often as they like. */
  limitRates(isLimited: boolean): void {
    this.#isLimited = isLimited
    for (const { node } of this.all()) node.flags.set('rateLimiting', isLimited)
  }

  /** As `kill -9` does, or a power cut; then nobody hears of the connections any more. */
  kill(slot: number, { isSilent = false }: { readonly isSilent?: boolean }): boolean {
    const running = this.#slots[slot]
    if (running === undefined) return false
    this.#slots[slot] = undefined
    this.#world.note(`node ${slot} dies${isSilent ? ' without a word' : ''}`)
    running.store.crash()
    running.process.kill()
    this.#world.network.lose(running.process, { isSilent })
    this.#world.lines.lose(running.node.id)
    return true
  }

  /** The power goes in the middle of a commit. */
  powerCut(): void {
    const slot = this.#committing
    if (slot === undefined) return
    this.kill(slot, {})
    this.#world.clock.after(100, () => this.boot(slot))
  }

  /** SIGTERM: the node says farewell and stops; then another process starts in its place. */
  drain(slot: number, then: () => void): boolean {
    const running = this.#slots[slot]
    if (running?.phase !== 'up' || running.process.isFrozen) return false
    running.phase = 'draining'
    this.#world.note(`node ${slot} drains`)
    void running.node.stop({ graceMs: 1_000 }).then(() => {
      if (this.#slots[slot] !== running) return
      this.#world.note(`node ${slot} has stopped`)
      this.#slots[slot] = undefined
      running.process.kill()
      this.#world.network.lose(running.process, { isSilent: false })
      then()
    })
    return true
  }
}

/** Nobody reads what is measured here. */
const unread: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => undefined,
  total: () => undefined,
}

/** Tokens are identities as JSON. */
function authenticator(process: SimulatedProcess): Authenticator {
  return {
    authenticate: async ({ token }): Promise<Identity> => {
      const identity = JSON.parse(token) as Identity
      if (identity.expiresAt !== undefined && identity.expiresAt <= process.now())
        throw new ParleyError('token_expired')
      return identity
    },
  }
}
