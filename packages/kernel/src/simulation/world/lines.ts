import { type MemoryCluster, memoryCluster, type Signal } from '../../memory/broker.ts'
import { memoryLease } from '../../memory/lease.ts'
import { memoryRecentLog } from '../../memory/recent-log.ts'
import type { Broker, BrokerListener } from '../../ports/broker.ts'
import type { NewEvent, RecentLog, Retention } from '../../ports/event-log.ts'
import type { Lease } from '../../ports/lease.ts'
import type { SimulatedProcess } from './process.ts'
import type { Random } from './random.ts'

/** After so long without a word a node is taken for gone. */
export const brokerLeaseMs = 2_000

/** What becomes of signals between nodes. */
export type SignalFault = 'lost' | 'doubled' | 'late' | 'swapped'

/** What lies between the nodes of a cluster: signals, leases, and the log that they share. */
export class Lines {
  readonly lease: Lease
  readonly #random: Random
  readonly #machine: SimulatedProcess
  readonly #cluster: MemoryCluster
  readonly #faults = new Map<SignalFault, number>()
  #isSplit = false
  #log: RecentLog
  /** Signals that waited for the one behind them, by their way: that one goes ahead. */
  readonly #held = new Set<string>()
  /** Signals that were lost, doubled, late, and overtaken by the next. */
  readonly counts: Record<SignalFault, number> = { lost: 0, doubled: 0, late: 0, swapped: 0 }

  /** `machine`: where the broker and the shared log run. */
  constructor(machine: SimulatedProcess, random: Random) {
    this.#machine = machine
    this.#random = random.fork('lines')
    this.#cluster = memoryCluster({
      clock: machine,
      leaseMs: brokerLeaseMs,
      travel: (signal) => this.#travel(signal),
      followMs: () => 1 + this.#random.below(5),
    })
    this.lease = memoryLease({ clock: machine })
    this.#log = memoryRecentLog({ clock: machine, isShared: true })
  }

  /** The broker of a process. What it brings comes in through the door of the process. */
  broker(process: SimulatedProcess): Broker {
    const broker = this.#cluster.broker()
    return {
      leaseMs: broker.leaseMs,
      start: (node, listener) => broker.start(node, behindDoor(process, listener)),
      stop: () => broker.stop(),
      announce: (announcement) => broker.announce(announcement),
      follow: (app, channel) => broker.follow(app, channel),
      unfollow: (app, channel) => broker.unfollow(app, channel),
      send: (message, to) => broker.send(message, to),
      nodes: () => broker.nodes(),
      problem: () => broker.problem(),
    }
  }

  /** The log that all nodes share, over a network, for one process. */
  recentLog(process: SimulatedProcess): RecentLog {
    return overNetwork(() => this.#log, process, this.#random)
  }

  /** A node has died. */
  lose(node: string): void {
    this.#cluster.lose(node)
  }

  /** From now on signals between two groups of nodes are lost. */
  split(...groups: readonly (readonly string[])[]): void {
    this.#isSplit = true
    this.#cluster.split(...groups)
  }

  /** Nothing is lost any more. */
  calm(): void {
    this.#faults.clear()
    // Who is told that a link is there again looks at everything: what was lost without that is to be found as well.
    if (this.#isSplit) this.heal()
  }

  heal(): void {
    this.#isSplit = false
    this.#cluster.heal()
  }

  /** The broker is gone for all; with it, perhaps, the log that is in its memory. */
  cut(nodes: readonly string[], isLogLost: boolean): void {
    for (const node of nodes) this.#cluster.cut(node)
    if (isLogLost) this.#log = memoryRecentLog({ clock: this.#machine, isShared: true })
  }

  mend(nodes: readonly string[]): void {
    for (const node of nodes) this.#cluster.mend(node)
  }

  /** Some signals meet a fault, until that is taken back. */
  disturb(fault: SignalFault, isOn: boolean): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + (isOn ? 1 : -1))
  }

  #travel({ from, to, channel = '' }: Signal): readonly number[] {
    const usualMs = 1 + this.#random.next() * 4
    const way = `${from} ${to} ${channel}`
    if (this.#held.delete(way)) return [1]
    if (this.#strikes('lost')) return []
    if (this.#strikes('swapped')) {
      this.#held.add(way)
      return [usualMs + 20 + this.#random.below(60)]
    }
    if (this.#strikes('doubled')) return [usualMs, usualMs + this.#random.below(80)]
    return [this.#strikes('late') ? usualMs + this.#random.below(400) : usualMs]
  }

  #strikes(fault: SignalFault): boolean {
    if ((this.#faults.get(fault) ?? 0) === 0 || this.#random.next() < 0.6) return false
    this.counts[fault] += 1
    return true
  }
}

function behindDoor(process: SimulatedProcess, listener: BrokerListener): BrokerListener {
  return {
    announced: (announcement) => process.enter(() => listener.announced(announcement)),
    received: (from, message) => process.enter(() => listener.received(from, message)),
    joined: (node) => process.enter(() => listener.joined(node)),
    left: (node) => process.enter(() => listener.left(node)),
    restored: () => process.enter(() => listener.restored()),
  }
}

/** A log in another process: what is asked arrives there later, in order, and so do the answers. */
function overNetwork(log: () => RecentLog, process: SimulatedProcess, random: Random): RecentLog {
  let lastArrival = 0
  const ask = <T>(run: () => T | Promise<T>): Promise<T> => {
    const now = process.elapsed()
    lastArrival = Math.max(lastArrival, now + 1 + random.next() * 2)
    const backMs = 1 + random.next() * 2
    return new Promise((resolve, reject) => {
      process.after(lastArrival - now, () => {
        Promise.resolve(run()).then((value) => process.after(backMs, () => resolve(value)), reject)
      })
    })
  }
  return {
    isShared: true,
    append: (app: string, channel: string, events: readonly NewEvent[], retention: Retention) =>
      ask(() => log().append(app, channel, events, retention)),
    tops: (app, channels) => ask(() => log().tops(app, channels)),
    read: (app, channel, options) => ask(() => log().read(app, channel, options)),
    readBackward: (app, channel, before, limit) => ask(() => log().readBackward(app, channel, before, limit)),
    pick: (app, channel, offsets) => ask(() => log().pick(app, channel, offsets)),
    offsetBefore: (app, channel, at) => ask(() => log().offsetBefore(app, channel, at)),
    trim: (app, channel, retention, now) => ask(() => log().trim(app, channel, retention, now)),
    redact: (app, channel, offset) => ask(() => log().redact(app, channel, offset)),
    channels: (app, options) => ask(() => log().channels(app, options)),
  }
}
