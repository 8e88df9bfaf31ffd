import type { Durability } from '../../kind.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { Oracle } from '../oracle/oracle.ts'
import type { Extra, Fault, Schedule } from '../schedule.ts'
import { Backend } from './backend.ts'
import { SimulatedBrowser } from './browser.ts'
import type { ClientFactory } from './client.ts'
import { SimulatedDatabase } from './database.ts'
import { Lines } from './lines.ts'
import type { SimulatedLink } from './link.ts'
import { simulatedKinds } from './module.ts'
import { SimulatedNetwork } from './network.ts'
import { Nodes } from './nodes.ts'
import { SimulatedProcess } from './process.ts'
import { Random } from './random.ts'
import { Recorder } from './recorder.ts'
import { SimulatedStore } from './store.ts'
import { Tab } from './tab.ts'
import { FrameWatch, publicationsIn } from './watch-frames.ts'
import type { Wire } from './wire.ts'

export interface WorldOptions {
  readonly schedule: Schedule
  readonly makeClient: ClientFactory
  /** What carries messages over the connections of the network; without one they are sent as they are. */
  readonly wire?: Wire | undefined
  /** Told of everything, for a timeline. */
  readonly told?: (line: Line) => void
}

/** A line of the timeline. */
export interface Line {
  readonly at: number
  readonly text: string
  readonly channel?: string | undefined
  readonly who?: string | undefined
}

const channelsOf: Readonly<Record<Schedule['class'], readonly string[]>> = {
  all: ['room:a', 'room:b', 'room:c', 'club:d', 'feed:e', 'live:f'],
  durable: ['room:a', 'room:b', 'room:c', 'club:d'],
  recent: ['feed:a', 'feed:b', 'feed:c'],
  ephemeral: ['live:a', 'live:b', 'live:c'],
}

type Seat = readonly [app: string, user: string]

/** App and user of each tab. Some users have two, and there are users of one name in both apps. */
const seats: readonly Seat[] = [
  ['default', 'ada'],
  ['default', 'ada'],
  ['default', 'bob'],
  ['default', 'cyd'],
  ['default', 'dan'],
  ['default', 'eve'],
  ['other', 'ada'],
  ['other', 'bob'],
  ['other', 'bob'],
]
/** The same where tabs share connections: some users have three. */
const sharedSeats = seats.with(2, ['default', 'ada'])

/** Nodes, clients, and everything between them, on one virtual clock. */
export class World {
  readonly clock: VirtualClock
  readonly random: Random
  readonly oracle: Oracle
  readonly network: SimulatedNetwork
  readonly database: SimulatedDatabase
  readonly nodes: Nodes
  readonly lines: Lines
  readonly backend: Backend
  readonly tabs: readonly Tab[]
  readonly channels: readonly string[]
  readonly makeClient: ClientFactory
  readonly wire: Wire | undefined
  /** What tabs use besides the client. */
  readonly extras: ReadonlySet<Extra>
  readonly faultCounts = new Map<Fault, number>()
  readonly #recorder = new Recorder()
  /** Disks of browsers, by place. */
  readonly stores = new Map<string, SimulatedStore>()
  readonly #browsers = new Map<string, SimulatedBrowser>()
  readonly #seats: readonly Seat[]
  readonly #told: ((line: Line) => void) | undefined
  wasRestored = false
  /** Most units that ever waited for the disk of one node. */
  mostQueued = 0
  /** Bytes of a message that arrived before its connection was cut in the middle of it. */
  readonly cutPlaces = new Set<number>()
  /** Users who may have been put out of a channel, and are not let in again for certain. */
  readonly exiled = new Set<string>()

  constructor({ schedule, makeClient, wire, told }: WorldOptions) {
    this.#told = told
    this.wire = wire
    this.extras = new Set(schedule.with)
    this.#seats = this.extras.has('tabs') ? sharedSeats : seats
    this.makeClient = makeClient
    this.clock = new VirtualClock({ seed: schedule.seed, isAlone: true })
    this.random = new Random(schedule.seed).fork('world')
    this.channels = channelsOf[schedule.class]
    this.oracle = new Oracle({
      now: () => this.clock.elapsed(),
      durabilityOf,
      keptOf: (channel) =>
        durabilityOf(channel) === 'recent' ? simulatedKinds.feed.retention.maxEvents : 1e9,
      isCluster: schedule.nodes > 1,
      redactionMs: schedule.nodes === 1 ? 0 : Number.POSITIVE_INFINITY,
      told: (text, about) => this.note(text, about.channel, about.who),
    })
    const watch = new FrameWatch(this.oracle, (code) => {
      if (code === 'rate_limited' || code === 'overloaded') this.happened('rate_limit')
    })
    this.network = new SimulatedNetwork({
      ...{ world: this.clock, random: this.random },
      tap: (link, to, text) => watch.see(link, to, text),
      over: (link) => this.#over(link.mostBuffered),
      closedByNode: (link, reason) => this.#closedByNode(link, reason),
      cutAt: (bytes) => void this.cutPlaces.add(bytes),
    })
    this.database = new SimulatedDatabase({
      random: this.random,
      onPowerCut: () => this.nodes.powerCut(),
    })
    this.lines = new Lines(this.process('broker'), this.random)
    this.nodes = new Nodes(this, schedule.nodes)
    this.backend = new Backend(this)
    this.tabs = this.#seats.map(([app, user], index) => new Tab(this, { index, app, user }))
  }

  get apps(): readonly string[] {
    return [...new Set(this.#seats.map(([app]) => app))]
  }

  /** Where the outbox of a tab keeps what is sent, if tabs have outboxes. */
  storeOf({ place }: Tab): SimulatedStore | undefined {
    if (!this.extras.has('outbox')) return undefined
    const known = this.stores.get(place)
    if (known !== undefined) return known
    const store = new SimulatedStore({
      clock: this.clock,
      random: this.random.fork(`store of ${place}`),
      struck: (fault) => this.happened(fault),
    })
    this.stores.set(place, store)
    return store
  }

  /** The browser of a tab, if tabs share connections and the user has several. */
  browserOf({ app, user }: Tab): SimulatedBrowser | undefined {
    const tabs = this.#seats.filter((seat) => seat[0] === app && seat[1] === user)
    if (!this.extras.has('tabs') || tabs.length === 1) return undefined
    const key = `${app} ${user}`
    const browser =
      this.#browsers.get(key) ?? new SimulatedBrowser(this.clock, this.random.fork(`browser of ${key}`))
    this.#browsers.set(key, browser)
    return browser
  }

  process(name: string): SimulatedProcess {
    return new SimulatedProcess(name, this.clock, this.random)
  }

  /** From here on nothing goes wrong any more, and what did is over. */
  calm(): void {
    this.database.mend()
    this.nodes.limitRates(false)
    this.lines.calm()
    this.network.calm()
    // Some live behind what never lets a WebSocket through: that has to be well, too.
    if (this.extras.has('fallback'))
      for (const { place } of this.tabs.slice(3, 5)) this.network.blockSockets(place)
    for (const store of this.stores.values()) store.mend()
    for (const { process } of this.nodes.all()) process.thaw()
    for (let slot = 0; slot < this.nodes.count; slot++) this.nodes.boot(slot)
    for (const tab of this.tabs) {
      tab.badTokensUntil = 0
      tab.process?.thaw()
      tab.open()
    }
  }

  /** Remembers that a fault has really happened. */
  happened(fault: Fault): void {
    this.faultCounts.set(fault, (this.faultCounts.get(fault) ?? 0) + 1)
  }

  /** Faults by name, with those of the disk as they have really struck. */
  countedFaults(): Partial<Record<Fault, number>> {
    const { failed, unknown_lost, unknown_stored, torn, full, slow } = this.database.counts
    const { lost, doubled, late, swapped } = this.lines.counts
    return {
      ...Object.fromEntries(this.faultCounts),
      ...{ failed_commit: failed, unknown_outcome: unknown_lost + unknown_stored, torn_tail: torn },
      ...{ disk_full: full, slow_disk: slow },
      ...{ announcement_lost: lost, announcement_doubled: doubled, announcement_late: late },
      announcement_swapped: swapped,
    }
  }

  /** A line of the timeline. */
  note(text: string, channel?: string, who?: string): void {
    this.#told?.({ at: this.clock.elapsed(), text, channel, who })
  }

  /** A message has come to a node, whatever carried it. */
  carried(message: string, node: string): void {
    for (const id of publicationsIn(message)) this.oracle.carried(id, node)
  }

  /** Something that must be the same in every run of the seed. */
  trace(text: string): void {
    this.#recorder.add(this.clock.elapsed(), text)
  }

  get traceHash(): string {
    return this.#recorder.hash
  }

  /** Whoever answers is not taken for silent. */
  #closedByNode(link: SimulatedLink, reason: string): void {
    const { client, node } = link.parts
    const since = this.clock.elapsed() - undisturbedMs
    const isCalm = [client, node].every((one) => !one.isFrozen && !one.isDead && one.disturbedAt < since)
    if (reason !== 'ping_timeout' || !link.isSound || !isCalm) return
    if (link.calmSince < since && this.network.quickSince < since)
      this.oracle.verdict.fault('stuck', `${client.name} was taken for silent, and was not`, {
        who: client.name,
      })
  }

  #over(mostBuffered: number): void {
    if (mostBuffered > maxBuffered)
      this.oracle.verdict.fault(
        'held',
        `${mostBuffered} bytes waited for a connection, at most ${maxBuffered}`,
      )
  }
}

/** After so long, nothing of a disturbance is left: ping and answer. */
const undisturbedMs = 3_000
/** What may wait for one connection: the mark, one batch or reply, and the control lane. */
const maxBuffered = 16_000

function durabilityOf(channel: string): Durability {
  const kind = channel.slice(0, channel.indexOf(':')) as keyof typeof simulatedKinds
  return simulatedKinds[kind].durability
}
