import { fileURLToPath } from 'node:url'
import { Oracle } from '@parley/kernel/simulation'
import { ServerProcess } from '../e2e/server-process.ts'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { Actor } from './actors/actor.ts'
import { BackEnd } from './actors/back-end.ts'
import { WireWatch } from './actors/wire-watch.ts'
import { Chance } from './chance.ts'
import { type CrowdLine, crowdLine, type TransportName, transportOf } from './lines.ts'
import { durabilityOf, keptEvents, serverSettings } from './settings.ts'
import { SmallDisk } from './small-disk.ts'

export interface WorldOptions {
  readonly seed: number
  /** Applications that publish and read, each over a link that faults happen to. */
  readonly actors: number
  /** Clients that read, and come back all at once. */
  readonly crowd: number
  /** What carries the messages of all of them. Default: `websocket`. */
  readonly transport?: TransportName | undefined
  /** A bug to plant into the server, by name. */
  readonly defect?: string | undefined
  /** Whether the data may be on a small disk, where one can be mounted. Default: true. */
  readonly mounts?: boolean | undefined
  readonly say: (line: string) => void
}

const ledgers = ['ledger:a', 'ledger:b', 'ledger:c']
/** Into this one large events are published. */
export const flood = 'swift:flood'
const channels = [...ledgers, 'swift:a', 'loose:a']
/** Readers of a hall see the same events. */
const crowdPerHall = 100
const diskMegabytes = 96

/** A server process, clients at real sockets, what stands between them, and the oracle that is told of everything. */
export class World {
  readonly chance: Chance
  readonly oracle: Oracle
  readonly watch: WireWatch
  readonly server: ServerProcess
  /** In front of the actors. */
  readonly proxy: FaultProxy
  /** Between the crowd and the server. */
  readonly crowdLine: CrowdLine
  readonly disk: SmallDisk | undefined
  readonly actors: readonly Actor[]
  readonly crowd: readonly Actor[]
  readonly backEnd: BackEnd
  readonly halls: readonly string[]
  readonly say: (line: string) => void
  /** Events are large for a while. */
  ballast: string | undefined
  readonly #transport: TransportName
  #isWorking = false
  #work: NodeJS.Timeout | undefined

  private constructor(options: WorldOptions, parts: Pick<World, 'server' | 'proxy' | 'crowdLine' | 'disk'>) {
    const startedAt = performance.now()
    const { actors, crowd, say } = options
    this.chance = new Chance(options.seed)
    this.say = (line) => say(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s  ${line}`)
    this.oracle = new Oracle({
      now: () => performance.now(),
      durabilityOf,
      keptOf: () => keptEvents,
      isCluster: false,
      redactionMs: 0,
      told: (line) => this.say(line),
    })
    this.watch = new WireWatch(this.oracle)
    this.server = parts.server
    this.proxy = parts.proxy
    this.crowdLine = parts.crowdLine
    this.#transport = options.transport ?? 'websocket'
    this.disk = parts.disk
    this.halls = Array.from({ length: Math.ceil(crowd / crowdPerHall) }, (_, index) => `hall:${index}`)
    this.actors = Array.from({ length: actors }, (_, index) => this.#actor(index))
    this.crowd = Array.from({ length: crowd }, (_, index) => this.#reader(index))
    const { oracle } = this
    this.backEnd = new BackEnd({ name: 'back-end', url: this.proxy.url, oracle, channel: 'ledger:a' })
  }

  static async make(options: WorldOptions): Promise<World> {
    const disk = options.mounts === false ? undefined : SmallDisk.mount(diskMegabytes)
    const { defect } = options
    const server = await ServerProcess.start({
      ...(disk === undefined ? {} : { directory: disk.directory }),
      ...(defect === undefined ? {} : { environment: planting(defect) }),
      settings: serverSettings,
    })
    const [proxy, line] = await Promise.all([
      FaultProxy.to(server.port),
      crowdLine(options.transport ?? 'websocket', server.port),
    ])
    return new World(options, { server, proxy, crowdLine: line, disk })
  }

  #actor(index: number): Actor {
    const name = `actor-${index}`
    const follows = channels
      .filter((_, channel) => (index + channel) % 4 !== 3)
      .map((channel) => ({ channel, isFiltered: (index + channel.length) % 5 === 0 }))
    const more = index % 4 === 0 ? [{ channel: flood }] : []
    const transport = this.watch.around(transportOf(this.#transport), name)
    const client = { url: this.proxy.url, transport }
    return new Actor({ name, oracle: this.oracle, follows: [...follows, ...more], client })
  }

  #reader(index: number): Actor {
    const name = `reader-${index}`
    const { url } = this.crowdLine
    const transport = this.watch.around(this.crowdLine.transport, name)
    const client = { url, transport, reconnect: { baseMs: 500, capMs: 4_000 } }
    const channel = this.halls[index % this.halls.length] as string
    return new Actor({ name, oracle: this.oracle, follows: [{ channel }], client })
  }

  /** Everybody comes, and the work begins. */
  async begin(): Promise<void> {
    for (const actor of this.actors) actor.open()
    for (let index = 0; index < this.crowd.length; index += 100) {
      const some = this.crowd.slice(index, index + 100)
      for (const reader of some) reader.open()
      await until(() => some.every((reader) => reader.isConnected), 60_000)
    }
    await until(() => this.actors.every((actor) => actor.isConnected), 60_000)
    this.backEnd.start()
    this.#isWorking = true
    this.#turn()
  }

  /** A moment of work: some actors publish some events each, without waiting for the answers to those before. */
  #turn(): void {
    if (!this.#isWorking) return
    for (const actor of this.chance.some(this.actors, 0.25)) {
      // Who waits for too much has been cut off for long.
      if (actor.unanswered > 100) continue
      for (let left = this.chance.between(1, 4); left > 0; left--) this.#publish(actor)
    }
    const [hall] = this.halls.length > 0 ? [this.chance.pick(this.halls)] : []
    if (hall !== undefined) this.chance.pick(this.actors).publish(hall)
    this.#work = setTimeout(() => this.#turn(), this.chance.between(20, 60))
  }

  #publish(actor: Actor): void {
    if (this.chance.next() < 0.1) actor.publishMany([this.chance.pick(ledgers), this.chance.pick(ledgers)])
    else actor.publish(this.chance.pick(channels), this.ballast)
  }

  /** Nobody publishes any more, and nothing goes wrong. Fulfilled with how long it took until all had everything. */
  async settle(withinMs: number): Promise<number> {
    this.#isWorking = false
    clearTimeout(this.#work)
    this.proxy.heal()
    this.disk?.makeRoom()
    const startedAt = performance.now()
    const everybody = [...this.actors, ...this.crowd]
    for (const actor of everybody) actor.open()
    await Promise.race([this.backEnd.stop(), sleep(withinMs)])
    await until(() => everybody.every((actor) => actor.isQuiet), withinMs)
    for (const actor of everybody)
      if (!actor.isQuiet) this.oracle.verdict.fault('stuck', actor.standing, { who: actor.name })
    return performance.now() - startedAt
  }

  async end(): Promise<void> {
    this.#isWorking = false
    clearTimeout(this.#work)
    this.backEnd.end()
    for (const actor of [...this.actors, ...this.crowd]) actor.shut()
    await this.proxy.close()
    await this.crowdLine.close()
    await this.server.remove()
    this.disk?.unmount()
  }
}

/** The environment of a server into which something is planted, by name. */
export function planting(defect: string): Readonly<Record<string, string>> {
  const plant = fileURLToPath(new URL('./canaries/plant.ts', import.meta.url))
  return { CHAOS_DEFECT: defect, NODE_OPTIONS: `--conditions=parley-source --import=${plant}` }
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}

/** Fulfilled with true as soon as something is so, with false when it is not after so long. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > end) return false
    await sleep(20)
  }
  return true
}
