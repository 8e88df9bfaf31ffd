import type { Announcement, Broker, BrokerListener, NodeMessage } from '../ports/broker.ts'
import type { Clock } from '../ports/clock.ts'

/** Something on its way from one node to another. */
export interface Signal {
  readonly from: string
  readonly to: string
  readonly what: 'announcement' | 'message'
  /** Of an announcement. */
  readonly channel?: string
}

export interface MemoryClusterOptions {
  readonly clock: Clock
  /** Default 5,000 ms. */
  readonly leaseMs?: number
  /**
   * When a signal arrives, in ms from now: none of them (lost), one, or several (doubled). Signals with different times
   * overtake each other. Default: in the same turn, each once.
   */
  readonly travel?: (signal: Signal) => readonly number[]
  /** How long it takes until a channel is followed, in ms. Default: no time. */
  readonly followMs?: () => number
}

/** Nodes in one process. The cluster is what lies between their brokers. */
export interface MemoryCluster {
  /** A broker for one node. */
  broker(): Broker
  /** Signals between the two groups are lost from now on; nodes of no group reach all. */
  split(...groups: readonly (readonly string[])[]): void
  /** All nodes reach each other again, and are told so. */
  heal(): void
  /** The link of a node to all others is down, and the node knows it. */
  cut(node: string): void
  /** The link is there again, and the node is told so. */
  mend(node: string): void
  /** A node is gone without a farewell. Others hear of it when its lease is over; nothing comes from it any more. */
  lose(node: string): void
}

const defaultLeaseMs = 5_000

interface Seat {
  readonly node: string
  readonly listener: BrokerListener
  readonly followed: Set<string>
  /** Nodes that this one believes to be there. */
  readonly known: Set<string>
}

/** What lies between the brokers of nodes in one process, with the faults that a network has, for tests and simulation. */
export function memoryCluster(options: MemoryClusterOptions): MemoryCluster {
  return new Cluster(options)
}

class Cluster implements MemoryCluster {
  readonly clock: Clock
  readonly leaseMs: number
  readonly followMs: (() => number) | undefined
  readonly #travel: (signal: Signal) => readonly number[]
  readonly #seats = new Map<string, Seat>()
  readonly #cut = new Set<string>()
  #groups: readonly (readonly string[])[] = []

  constructor({ clock, leaseMs = defaultLeaseMs, travel = () => [0], followMs }: MemoryClusterOptions) {
    this.clock = clock
    this.leaseMs = leaseMs
    this.followMs = followMs
    this.#travel = travel
  }

  broker(): Broker {
    return new MemoryBroker(this)
  }

  split(...groups: readonly (readonly string[])[]): void {
    this.#groups = groups
    this.#forgetLater()
  }

  heal(): void {
    this.#groups = []
    for (const seat of [...this.#seats.values()]) this.#restore(seat)
  }

  cut(node: string): void {
    this.#cut.add(node)
    this.#forgetLater()
  }

  mend(node: string): void {
    const seat = this.#seats.get(node)
    if (this.#cut.delete(node) && seat !== undefined) this.#restore(seat)
  }

  lose(node: string): void {
    this.#seats.delete(node)
    this.later(this.leaseMs, () => this.#forgotten(node))
  }

  join(seat: Seat): void {
    this.#seats.set(seat.node, seat)
    this.#introduce(seat)
  }

  leave(node: string): void {
    this.#seats.delete(node)
    this.#forgotten(node)
  }

  /** Whether the seat is (still) of this cluster. */
  has(seat: Seat): boolean {
    return this.#seats.get(seat.node) === seat
  }

  isCut(node: string): boolean {
    return this.#cut.has(node)
  }

  /** Brings something to every other node that wants it and can be reached. */
  carry(signal: Omit<Signal, 'to'>, to: string | undefined, deliver: (seat: Seat) => void): void {
    for (const seat of this.#seats.values()) {
      if (seat.node === signal.from || (to !== undefined && seat.node !== to)) continue
      if (!this.#reaches(signal.from, seat.node)) continue
      for (const delayMs of this.#travel({ ...signal, to: seat.node }))
        this.later(delayMs, () => {
          if (this.has(seat) && this.#reaches(signal.from, seat.node)) deliver(seat)
        })
    }
  }

  later(delayMs: number, run: () => void): void {
    if (delayMs <= 0) this.clock.defer(run)
    else this.clock.after(delayMs, run)
  }

  /** Who hears nothing of another for the time of a lease takes it for gone. */
  #forgetLater(): void {
    this.later(this.leaseMs, () => {
      for (const seat of this.#seats.values())
        for (const node of [...seat.known]) if (!this.#reaches(node, seat.node)) forget(seat, node)
    })
  }

  #forgotten(node: string): void {
    // It may have come back in the meantime.
    if (this.#seats.has(node)) return
    for (const seat of this.#seats.values()) forget(seat, node)
  }

  #restore(seat: Seat): void {
    this.#introduce(seat)
    seat.listener.restored()
  }

  /** Makes a node and those that it reaches known to each other. */
  #introduce(seat: Seat): void {
    for (const other of [...this.#seats.values()]) {
      if (other === seat || !this.#reaches(other.node, seat.node)) continue
      meet(seat, other.node)
      meet(other, seat.node)
    }
  }

  #reaches(from: string, to: string): boolean {
    if (this.#cut.has(from) || this.#cut.has(to)) return false
    const groupOf = (node: string) => this.#groups.findIndex((group) => group.includes(node))
    const [one, other] = [groupOf(from), groupOf(to)]
    return one === other || one < 0 || other < 0
  }
}

function meet(seat: Seat, node: string): void {
  if (seat.known.has(node)) return
  seat.known.add(node)
  seat.listener.joined(node)
}

function forget(seat: Seat, node: string): void {
  if (seat.known.delete(node)) seat.listener.left(node)
}

class MemoryBroker implements Broker {
  readonly #cluster: Cluster
  #seat: Seat | undefined

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get leaseMs(): number {
    return this.#cluster.leaseMs
  }

  async start(node: string, listener: BrokerListener): Promise<void> {
    this.#seat = { node, listener, followed: new Set(), known: new Set() }
    this.#cluster.join(this.#seat)
  }

  async stop(): Promise<void> {
    const seat = this.#seat
    this.#seat = undefined
    if (seat !== undefined) this.#cluster.leave(seat.node)
  }

  announce(announcement: Announcement): void {
    const key = followKey(announcement.app, announcement.channel)
    this.#carry({ what: 'announcement', channel: announcement.channel }, undefined, (seat) => {
      if (seat.followed.has(key)) seat.listener.announced(announcement)
    })
  }

  follow(app: string, channel: string): void | Promise<void> {
    const { followMs } = this.#cluster
    const { followed } = this.#seat ?? {}
    if (followMs === undefined) {
      followed?.add(followKey(app, channel))
      return
    }
    return new Promise((resolve) =>
      this.#cluster.later(followMs(), () => {
        followed?.add(followKey(app, channel))
        resolve()
      }),
    )
  }

  unfollow(app: string, channel: string): void {
    this.#seat?.followed.delete(followKey(app, channel))
  }

  send(message: NodeMessage, to?: string): void {
    const { node } = this.#seat ?? {}
    if (node === undefined) return
    // As over a network: nobody shares what another may change.
    const text = JSON.stringify(message)
    this.#carry({ what: 'message' }, to, ({ listener }) =>
      listener.received(node, JSON.parse(text) as NodeMessage),
    )
  }

  nodes(): readonly string[] {
    return [...(this.#seat?.known ?? [])]
  }

  problem(): string | undefined {
    const { node } = this.#seat ?? {}
    if (node === undefined) return 'The broker is not started.'
    return this.#cluster.isCut(node) ? 'The link to the other nodes is down.' : undefined
  }

  #carry(signal: Omit<Signal, 'from' | 'to'>, to: string | undefined, deliver: (seat: Seat) => void): void {
    const seat = this.#seat
    if (seat !== undefined && this.#cluster.has(seat))
      this.#cluster.carry({ from: seat.node, ...signal }, to, deliver)
  }
}

function followKey(app: string, channel: string): string {
  return `${app}/${channel}`
}
