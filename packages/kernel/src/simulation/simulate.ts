import { digest } from '../commands/hash.ts'
import type { KindOptions } from '../kind.ts'
import type { MemoryDisk } from '../memory/disk.ts'
import type { Unit } from '../ports/store.ts'
import { testModule } from '../testing/test-module.ts'
import { type TestNode, type TestNodeOptions, testNode } from '../testing/test-node.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { numberOf, Oracle } from './oracle.ts'
import { SimulatedClient } from './simulated-client.ts'

export interface SimulationOptions {
  /** Everything random follows from it. */
  readonly seed: number
  /** Things that happen. Default: 400. */
  readonly steps?: number
  readonly clients?: number
  /** Plants a defect in every node that is started, to see whether the simulation notices. */
  readonly sabotage?: (clock: VirtualClock) => Partial<TestNodeOptions>
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
  /** Sessions that went on over another connection. */
  readonly resumed: number
  /** Times that a slow reader was told what it lost of an ephemeral channel. */
  readonly dropped: number
  readonly faults: Readonly<Record<Fault, number>>
}

export type Fault =
  | 'drop'
  | 'stall'
  | 'rejoin'
  | 'crash'
  | 'full_disk'
  | 'unknown_outcome'
  | 'late'
  | 'clock_jump'

const kinds: Readonly<Record<string, KindOptions>> = {
  durable: { durability: 'durable' },
  recent: { durability: 'recent', lane: 'high' },
  live: { durability: 'ephemeral', lane: 'low' },
}
const channels = ['durable:a', 'durable:b', 'recent:c', 'live:d'] as const
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
    rejoin: 0,
    crash: 0,
    full_disk: 0,
    unknown_outcome: 0,
    late: 0,
    clock_jump: 0,
  }
  #world: TestNode | undefined
  #disk: MemoryDisk | undefined
  #failNext: 'before' | 'after' | undefined

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
    for (const [index, client] of this.#clients.entries())
      for (const channel of channels) client.listen(channel, index % 3 === 2)
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
      modules: [testModule(kinds)],
      ...(this.#disk === undefined ? {} : { disk: this.#disk }),
      limits: { ringEvents: 16, readEvents: 8, maxBatchBytes: 600, highWaterBytes: 400, maxQueuedBytes: 800 },
      memoryStore: {
        commitMs: () => 1 + this.#pick(8),
        readMs: () => this.#pick(4),
        onCommit: (units, phase) => this.#onCommit(units, phase),
      },
      transport: { clock: this.#clock, latencyMs: () => this.#pick(5) },
      ...this.#options.sabotage?.(this.#clock),
    })
    this.#world = world
    this.#disk = world.store.disk
    for (const client of this.#clients) client.connect(world)
  }

  #onCommit(units: readonly Unit[], phase: 'before' | 'after'): void {
    if (this.#failNext !== phase) return
    this.#failNext = undefined
    const events = phase === 'before' ? units.flatMap((unit) => unit.events) : []
    for (const { data } of events) this.#oracle.refused(numberOf(JSON.parse(data)))
    throw new Error(`planted failure ${phase} the commit`)
  }

  #pick(below: number): number {
    return Math.floor(this.#clock.random() * below)
  }

  async #act(): Promise<void> {
    const client = this.#clients[this.#pick(this.#clients.length)] as SimulatedClient
    const dice = this.#pick(100)
    if (dice < 62) this.#publishSome(client)
    else if (dice < 68) client.setMood(this.#channel(), this.#pick(1_000))
    else if (dice < 78) this.#count('drop', () => client.connection?.drop())
    else if (dice < 84) this.#count('stall', () => client.connection?.stall(this.#pick(500)))
    else if (dice < 88) client.connection?.resume()
    else if (dice < 90) this.#count('rejoin', () => client.rejoin(this.#channel()))
    else if (dice < 92) this.#count('unknown_outcome', () => this.#fail('after'))
    else if (dice < 94) this.#count('full_disk', () => this.#fail('before'))
    else if (dice < 96) this.#count('clock_jump', () => this.#clock.jump(this.#pick(20_000) - 10_000))
    else if (dice < 98) this.#count('late', () => this.#clock.spend(this.#pick(300)))
    else await this.#crash()
  }

  #channel(): string {
    return channels[this.#pick(channels.length)] as string
  }

  #fail(phase: 'before' | 'after'): void {
    this.#failNext = phase
  }

  #publishSome(client: SimulatedClient): void {
    const channel = this.#channel()
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

  /** Lets clients take in what has come, stalled ones sip, and broken ones reconnect. */
  #mend(isHostile: boolean): void {
    for (const client of this.#clients) {
      client.connection?.take(this.#pick(120))
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
    // As long as filters in which nothing matches wait to be told their position, and old sessions to end.
    for (let round = 0; round < 40; round++) {
      await this.#clock.advance(1_000)
      this.#mend(false)
    }
  }

  #report(): SimulationReport {
    for (const client of this.#clients) this.#judge(client)
    for (const channel of channels) this.#oracle.order(channel)
    const sum = (count: (client: SimulatedClient) => number) =>
      this.#clients.reduce((total, client) => total + count(client), 0)
    return {
      seed: this.#options.seed,
      violations: this.#oracle.violations,
      trace: this.#trace(),
      deliveries: this.#oracle.deliveries,
      acks: this.#oracle.acks,
      recovered: sum((client) => client.recovered),
      unrecovered: sum((client) => client.unrecovered),
      resumed: sum((client) => client.resumed),
      dropped: sum((client) => client.dropped),
      faults: this.#faults,
    }
  }

  /** All is quiet: who listens has everything, and sees what everybody last set. */
  #judge(client: SimulatedClient): void {
    if (client.unanswered > 0)
      this.#oracle.fault(`${client.name} has ${client.unanswered} publishes that were never answered`)
    for (const reading of client.readings.values()) {
      const { channel, position } = reading
      client.judge(reading)
      const due = this.#oracle.promised(channel, position?.epoch ?? '')
      if (position === undefined || position.offset < due)
        this.#oracle.fault(
          `${client.name} stands at ${position?.offset} of ${channel}, where ${due} was promised`,
        )
      const seen = client.seenMoods(channel)
      for (const other of this.#clients)
        if (other.moods.has(channel) && seen[other.name] !== other.moods.get(channel))
          this.#oracle.fault(
            `${client.name} sees mood ${seen[other.name]} of ${other.name} in ${channel}, not ${other.moods.get(channel)}`,
          )
    }
  }

  #trace(): string {
    let trace = ''
    for (const client of this.#clients)
      for (const { events } of client.readings.values()) trace = digest(trace + JSON.stringify(events))
    return trace
  }
}
