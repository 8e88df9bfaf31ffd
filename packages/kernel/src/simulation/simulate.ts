import { digest } from '../commands/hash.ts'
import type { MemoryDisk } from '../memory/disk.ts'
import type { Unit } from '../ports/store.ts'
import { type TestNode, testNode } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Oracle } from './oracle.ts'
import { SimulatedClient } from './simulated-client.ts'

export interface SimulationOptions {
  /** Everything random follows from it. */
  readonly seed: number
  /** Things that happen. Default: 400. */
  readonly steps?: number
  readonly clients?: number
  /** Changes the world for the worse, to see whether the simulation notices. */
  readonly sabotage?: (world: TestNode) => void
}

export interface SimulationReport {
  readonly seed: number
  readonly violations: readonly string[]
  /** The same for two runs of the same seed. */
  readonly trace: string
  readonly deliveries: number
  readonly acks: number
  readonly recovered: number
  readonly unrecovered: number
  readonly faults: Readonly<Record<Fault, number>>
}

export type Fault = 'drop' | 'stall' | 'crash' | 'full_disk' | 'unknown_outcome' | 'late' | 'clock_jump'

const channels = ['durable:a', 'durable:b', 'recent:c'] as const
const quietSteps = 60

/**
 * Runs one node and some clients on virtual time, with faults at random, and asks the oracle. Durable channels must
 * lose nothing over a crash; a recent channel loses its stream with the process, and its clients are told.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const simulation = new Simulation(options)
  return simulation.run()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #clock: VirtualClock
  readonly #oracle = new Oracle()
  readonly #clients: readonly SimulatedClient[]
  readonly #faults: Record<Fault, number> = {
    drop: 0,
    stall: 0,
    crash: 0,
    full_disk: 0,
    unknown_outcome: 0,
    late: 0,
    clock_jump: 0,
  }
  #world: TestNode | undefined
  #disk: MemoryDisk | undefined
  #failNext: 'before' | 'after' | undefined
  #trace = ''

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#clock = new VirtualClock({ seed: options.seed })
    this.#clients = Array.from(
      { length: options.clients ?? 6 },
      (_, index) => new SimulatedClient(index, this.#oracle),
    )
  }

  async run(): Promise<SimulationReport> {
    await this.#boot()
    for (const client of this.#clients) for (const channel of channels) client.listen(channel)
    const steps = this.#options.steps ?? 400
    for (let step = 0; step < steps; step++) {
      await this.#act()
      await this.#clock.advance(this.#pick(20))
      this.#mend(step < steps - quietSteps)
    }
    await this.#calmDown()
    return this.#report()
  }

  async #boot(): Promise<void> {
    const world = await testNode({
      clock: this.#clock,
      ...(this.#disk === undefined ? {} : { disk: this.#disk }),
      limits: { ringEvents: 16, readEvents: 8, maxBatchBytes: 600, highWaterBytes: 400 },
      memoryStore: {
        commitMs: () => 1 + this.#pick(8),
        onCommit: (units, phase) => this.#onCommit(units, phase),
      },
      transport: { clock: this.#clock, latencyMs: () => this.#pick(5) },
    })
    this.#options.sabotage?.(world)
    this.#world = world
    this.#disk = world.store.disk
    for (const client of this.#clients) client.connect(world)
  }

  #onCommit(units: readonly Unit[], phase: 'before' | 'after'): void {
    if (this.#failNext !== phase) return
    this.#failNext = undefined
    if (phase === 'before')
      for (const { events } of units) for (const { data } of events) this.#oracle.refused(Number(data))
    throw new Error(`planted failure ${phase} the commit`)
  }

  #pick(below: number): number {
    return Math.floor(this.#clock.random() * below)
  }

  async #act(): Promise<void> {
    const client = this.#clients[this.#pick(this.#clients.length)] as SimulatedClient
    const dice = this.#pick(100)
    if (dice < 70) this.#publishSome(client)
    else if (dice < 80) this.#count('drop', () => client.connection?.drop())
    else if (dice < 86) this.#count('stall', () => client.connection?.stall(this.#pick(500)))
    else if (dice < 90) client.connection?.resume()
    else if (dice < 92) this.#count('unknown_outcome', () => (this.#failNext = 'after'))
    else if (dice < 94) this.#count('full_disk', () => (this.#failNext = 'before'))
    else if (dice < 96) this.#count('clock_jump', () => this.#clock.jump(this.#pick(20_000) - 10_000))
    else if (dice < 98) this.#count('late', () => this.#clock.spend(this.#pick(300)))
    else await this.#crash()
  }

  #publishSome(client: SimulatedClient): void {
    const channel = channels[this.#pick(channels.length)] as string
    for (let left = 1 + this.#pick(12); left > 0; left--) client.publish(channel)
  }

  #count(fault: Fault, run: () => unknown): void {
    this.#faults[fault] += 1
    run()
  }

  async #crash(): Promise<void> {
    this.#faults.crash += 1
    this.#world?.store.crash()
    for (const client of this.#clients) client.connection?.drop()
    await this.#boot()
  }

  /** Lets clients take in what has come, and reconnect if they must. */
  #mend(isHostile: boolean): void {
    for (const client of this.#clients) {
      const isBroken = client.poll()
      if (isBroken && (!isHostile || this.#pick(3) > 0)) client.connect(this.#world as TestNode)
    }
  }

  async #calmDown(): Promise<void> {
    this.#failNext = undefined
    for (let round = 0; round < 200; round++) {
      for (const client of this.#clients) client.connection?.resume()
      await this.#clock.advance(200)
      this.#mend(false)
      const isQuiet = this.#clients.every((client) => client.unanswered === 0 && client.isConnected)
      if (isQuiet && round > 5) break
    }
    await this.#clock.advance(2_000)
    for (const client of this.#clients) client.poll()
  }

  #report(): SimulationReport {
    const violations = this.#oracle.violations
    for (const client of this.#clients) {
      violations.push(...client.faults)
      if (client.unanswered > 0)
        violations.push(`${client.name} has ${client.unanswered} publishes that were never answered`)
      for (const [channel, reading] of client.readings) {
        // What a recent channel promised before its process ended is gone with its stream.
        if (channel.startsWith('durable:'))
          this.#oracle.reader(client.name, channel, reading.from, reading.events)
        this.#trace = digest(this.#trace + JSON.stringify(reading.events))
      }
    }
    for (const channel of channels) if (channel.startsWith('durable:')) this.#oracle.order(channel)
    const sum = (count: (client: SimulatedClient) => number) =>
      this.#clients.reduce((total, client) => total + count(client), 0)
    return {
      seed: this.#options.seed,
      violations,
      trace: this.#trace,
      deliveries: this.#oracle.deliveries,
      acks: this.#oracle.acks,
      recovered: sum((client) => client.recovered),
      unrecovered: sum((client) => client.unrecovered),
      faults: this.#faults,
    }
  }
}
