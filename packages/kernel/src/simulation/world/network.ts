import type { Accept, Transport } from '../../ports/transport.ts'
import type { VirtualClock } from '../../testing/virtual-clock.ts'
import { type ClientLink, type LinkHandlers, type Side, SimulatedLink } from './link.ts'
import type { SimulatedProcess } from './process.ts'
import type { Random } from './random.ts'

/** The URL of a connection that only takes what a client says: what the client reads comes by another. */
export const uplinkUrl = 'uplink'
/** URL of connections for a WebSocket, where there are others as well. */
export const socketUrl = 'websocket'

/** A way to the nodes, as a client takes it. */
export interface ClientTransport {
  readonly name: string
  open(url: string, handlers: LinkHandlers): ClientLink
}

export interface NetworkOptions {
  readonly world: VirtualClock
  readonly random: Random
  /** Sees every message on its way. */
  readonly tap: (link: SimulatedLink, to: Side, text: string) => void
  /** A link is over; `mostBuffered` bytes waited in the node at most. */
  readonly over: (link: SimulatedLink) => void
  /** A node closes a link that is open. */
  readonly closedByNode: (link: SimulatedLink, reason: string) => void
  /** A message was cut after so many bytes. */
  readonly cutAt: (bytes: number) => void
}

interface Door {
  readonly node: SimulatedProcess
  readonly accept: Accept
}

/** What lies between clients and nodes. */
export class SimulatedNetwork {
  readonly #options: NetworkOptions
  readonly #random: Random
  readonly #doors: Door[] = []
  readonly #links = new Map<SimulatedLink, SimulatedProcess>()
  /** Clients without a network, and how often over. */
  readonly #isolated = new Map<string, number>()
  /** Clients for whom WebSockets do not get through, and how often over. */
  readonly #socketless = new Map<string, number>()
  #isCalm = false
  /** When messages were last slower than usual. */
  #slowAt = Number.NEGATIVE_INFINITY
  /** Milliseconds that messages take longer than usual, by client; `undefined`: all. */
  readonly #delays = new Map<string | undefined, number>()

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#random = options.random.fork('network')
  }

  /** The transport of a node. */
  transport(node: SimulatedProcess): Transport {
    return {
      name: 'simulated',
      start: (accept) => void this.#doors.push({ node, accept }),
      stop: () => this.#shut(node),
    }
  }

  /** The transport of a client. Each connection goes to any node that listens. */
  clientTransport(client: SimulatedProcess, place: string): ClientTransport {
    return { name: 'simulated', open: (url, handlers) => this.#open(client, { place, url }, handlers) }
  }

  /** The newest link of any of some clients. */
  linkOf(clients: readonly SimulatedProcess[]): SimulatedLink | undefined {
    let newest: SimulatedLink | undefined
    for (const [link, process] of this.#links) if (clients.includes(process)) newest = link
    return newest
  }

  linksOf(process: SimulatedProcess): readonly SimulatedLink[] {
    return [...this.#links.keys()].filter(({ parts }) => parts.client === process || parts.node === process)
  }

  /** Links that at least one end takes for open. */
  links(): readonly SimulatedLink[] {
    return [...this.#links.keys()]
  }

  /** A node has died: its connections break at once, or nobody hears of it. */
  lose(node: SimulatedProcess, { isSilent }: { readonly isSilent: boolean }): void {
    this.#shut(node)
    for (const link of this.linksOf(node)) {
      if (isSilent) link.halfOpen('both')
      else link.drop(1 + this.#random.below(20), 0)
      link.abandon('node')
    }
  }

  /** From now on messages of a client, or of all, take longer; 0: as usual. */
  delay(place: string | undefined, ms: number): void {
    this.#slowAt = this.#options.world.elapsed()
    if (ms === 0) this.#delays.delete(place)
    else this.#delays.set(place, ms)
  }

  /** Elapsed time since which messages take no longer than usual. */
  get quickSince(): number {
    return this.#delays.size > 0 ? Number.POSITIVE_INFINITY : this.#slowAt
  }

  /** A client cannot reach anybody, until that is taken back. */
  isolate(place: string, isCut: boolean): void {
    this.#isolated.set(place, (this.#isolated.get(place) ?? 0) + (isCut ? 1 : -1))
  }

  /** WebSockets of a client come to nothing, whatever else is well; those that are open break. Answers how many did. */
  blockSockets(place: string): number {
    this.#socketless.set(place, (this.#socketless.get(place) ?? 0) + 1)
    const open = this.links().filter(({ parts }) => parts.isSocket && parts.place === place)
    for (const link of open) link.drop(0, 0)
    return open.length
  }

  allowSockets(place: string): void {
    this.#socketless.set(place, (this.#socketless.get(place) ?? 0) - 1)
  }

  /** Everybody can reach everybody, for good; what stalls goes on. */
  calm(): void {
    this.#isCalm = true
    for (const link of this.links()) link.resume()
  }

  #shut(node: SimulatedProcess): void {
    const index = this.#doors.findIndex((door) => door.node === node)
    if (index >= 0) this.#doors.splice(index, 1)
  }

  #open(
    client: SimulatedProcess,
    { place, url }: { readonly place: string; readonly url: string },
    handlers: LinkHandlers,
  ): ClientLink {
    const { world, tap, over, cutAt, closedByNode } = this.#options
    // What a process had begun may go on for a moment after its end, and comes to nothing.
    if (client.isDead) return nothing
    const doors = this.#doors.filter(({ node }) => !node.isDead)
    const isSocket = url === socketUrl
    const isSocketless = isSocket && (this.#socketless.get(place) ?? 0) > 0
    const isCut = isSocketless || (!this.#isCalm && (this.#isolated.get(place) ?? 0) > 0)
    const door = isCut || doors.length === 0 ? undefined : this.#random.pick(doors)
    // Some refuse what they do not let through, others leave it without an answer.
    if (isSocketless && this.#random.next() < 0.5) return nothing
    if (door === undefined) {
      client.after(1 + this.#random.below(5), () => handlers.closed(1006, 'refused'))
      return nothing
    }
    const usualMs = 1 + this.#random.below(8)
    const link = new SimulatedLink({
      ...{ world, client, node: door.node, handlers, tap, cutAt, closedByNode },
      ...{ isUplink: url === uplinkUrl, isSocket, place },
      latencyMs: () => this.#latency(usualMs, place),
      over: (ended) => {
        this.#links.delete(ended)
        over(ended)
      },
    })
    this.#links.set(link, client)
    world.after(usualMs, () => door.node.enter(() => link.accept(door.accept)))
    return link.clientEnd()
  }

  #latency(usualMs: number, place: string): number {
    if (this.#isCalm) return usualMs
    const extraMs = (this.#delays.get(place) ?? 0) + (this.#delays.get(undefined) ?? 0)
    return usualMs + this.#random.next() * (2 + extraMs)
  }
}

const nothing: ClientLink = { bufferedBytes: 0, send: () => undefined, close: () => undefined }
