import type { Accept, Connection, ConnectionHandler, OutgoingFrame } from '../../ports/transport.ts'
import type { VirtualClock } from '../../testing/virtual-clock.ts'
import type { SimulatedProcess } from './process.ts'

/** What a client's transport tells the client about a link. */
export interface LinkHandlers {
  opened(): void
  received(text: string): void
  closed(code: number, reason: string): void
}

/** What a client does with a link. */
export interface ClientLink {
  readonly bufferedBytes: number
  send(text: string): void
  close(code: number, reason: string): void
}

export type Side = 'client' | 'node'

export interface LinkParts {
  readonly world: VirtualClock
  readonly client: SimulatedProcess
  readonly node: SimulatedProcess
  readonly handlers: LinkHandlers
  /** What the client reads comes by another one. */
  readonly isUplink: boolean
  /** A WebSocket, where there are other connections as well. */
  readonly isSocket: boolean
  readonly place: string
  /** How long a message travels, asked once a message. */
  readonly latencyMs: () => number
  /** Sees what is sent, before anything happens to it. */
  readonly tap: (link: SimulatedLink, to: Side, text: string) => void
  readonly over: (link: SimulatedLink) => void
  /** The node closes a link that is open. */
  readonly closedByNode: (link: SimulatedLink, reason: string) => void
  /** A message was cut after so many bytes. */
  readonly cutAt: (bytes: number) => void
}

/** How nodes are told that a connection is a WebSocket. */
export const socketTransport = 'websocket'

/** Bytes that a network takes although nobody at the other end reads. */
const socketBuffer = 1_000

/** A connection with everything that can happen to one. The node sees a `Connection`, the client a `ClientLink`. */
export class SimulatedLink implements Connection {
  readonly parts: LinkParts
  /** Since when nothing has happened to it: elapsed time. */
  calmSince: number
  /** Most bytes that ever waited in the node. */
  mostBuffered = 0
  #handler: ConnectionHandler | undefined
  readonly #toClient: Direction
  readonly #toNode: Direction
  #waiting: string[] = []
  #waitingBytes = 0
  #credit = Number.POSITIVE_INFINITY
  #isCorked = false
  /** Each end closes by itself: one may not know of it yet. */
  readonly #open: Record<Side, boolean> = { client: true, node: true }

  constructor(parts: LinkParts) {
    this.parts = parts
    const { client, node, handlers, world, latencyMs } = parts
    this.calmSince = world.elapsed()
    this.#toClient = new Direction(world, client, latencyMs, (text) => {
      if (this.#open.client) handlers.received(text)
    })
    this.#toNode = new Direction(world, node, latencyMs, (text) => {
      if (this.#open.node) this.#handler?.receive(text)
    })
    for (const direction of [this.#toClient, this.#toNode])
      direction.whenCut = (bytes) => {
        parts.cutAt(bytes)
        this.drop(0, 0)
      }
  }

  /** The node takes the connection, or refuses it. */
  accept(accept: Accept): void {
    const { client, handlers } = this.parts
    try {
      this.#handler = accept(this, {
        transport: this.parts.isSocket ? socketTransport : 'simulated',
        ip: '127.0.0.1',
      })
    } catch {
      this.#open.node = false
      this.#toClient.behind(() => this.#closeAt('client', 1006, 'refused'))
      return
    }
    this.#toClient.behind(() => {
      if (this.#open.client && !client.isDead) handlers.opened()
    })
  }

  get standing(): string {
    const { client, node } = this.parts
    const ends = [...(this.#open.client ? [client.name] : []), ...(this.#open.node ? [node.name] : [])]
    return `open at ${ends.join(' and ')}${this.#handler === undefined ? ', not accepted' : ''}`
  }

  /** A side takes it for open. */
  isOpenAt(side: Side): boolean {
    return this.#open[side]
  }

  get isOver(): boolean {
    return !this.#open.client && !this.#open.node
  }

  /** Nothing is wrong with it, and nothing will be. */
  get isSound(): boolean {
    return this.#open.client && this.#open.node && !this.#isDoomed
  }

  // ——— as the node's connection

  get bufferedBytes(): number {
    return this.#waitingBytes
  }

  send({ text }: OutgoingFrame): void {
    if (!this.#open.node) return
    this.parts.tap(this, 'client', text)
    this.#waiting.push(text)
    this.#waitingBytes += text.length
    this.#pass()
    this.mostBuffered = Math.max(this.mostBuffered, this.#waitingBytes)
  }

  cork(): void {
    this.#isCorked = true
  }

  uncork(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    if (this.#pass()) queueMicrotask(() => this.#drained())
  }

  close(code: number, reason: string): void {
    this.uncork()
    this.#closedBy('node', code, reason)
  }

  /** The client's end, as its transport gives it. */
  clientEnd(): ClientLink {
    return {
      bufferedBytes: 0,
      send: (text) => {
        if (!this.#open.client) return
        this.parts.tap(this, 'node', text)
        this.#toNode.carry(text)
      },
      close: (code, reason) => this.#closedBy('client', code, reason),
    }
  }

  #closedBy(side: Side, code: number, reason: string): void {
    if (!this.#open[side]) return
    if (side === 'node') this.parts.closedByNode(this, reason)
    this.#open[side] = false
    if (side === 'node') this.#forgetWaiting()
    const direction = side === 'node' ? this.#toClient : this.#toNode
    const other: Side = side === 'node' ? 'client' : 'node'
    direction.behind(() => this.#closeAt(other, code, reason))
    // The kernel hears of its own close as well.
    if (side === 'node') this.parts.world.after(1, () => this.#tellNode(code))
    this.#checkOver()
  }

  // ——— what happens to it

  /**
   * Breaks: what is under way is lost, and what is said before an end hears of it too, as nothing overtakes what came
   * before. Each end hears of it after a while; negative: it never does.
   */
  drop(clientLagMs: number, nodeLagMs: number): void {
    this.calmSince = Number.POSITIVE_INFINITY
    for (const direction of [this.#toClient, this.#toNode]) {
      direction.clear()
      direction.hasHole = true
    }
    this.#forgetWaiting()
    const { world } = this.parts
    if (clientLagMs >= 0) world.after(clientLagMs, () => this.#closeAt('client', 1006, ''))
    if (nodeLagMs >= 0) world.after(nodeLagMs, () => this.#closeAt('node', 1006, ''))
  }

  /** The process at a side is gone; it hears of nothing any more. */
  abandon(side: Side): void {
    this.#open[side] = false
    if (side === 'node') this.#forgetWaiting()
    this.#checkOver()
  }

  /** Nothing arrives at a side any more, and nobody is told. */
  halfOpen(at: Side | 'both'): void {
    this.calmSince = Number.POSITIVE_INFINITY
    if (at !== 'node') {
      this.#toClient.hasHole = true
      this.#credit = Math.min(this.#credit, socketBuffer)
    }
    if (at !== 'client') this.#toNode.hasHole = true
  }

  /** It was broken or will be. */
  get #isDoomed(): boolean {
    const { budget } = this.#toNode
    return this.#toNode.hasHole || Math.min(budget, this.#toClient.budget) < Number.POSITIVE_INFINITY
  }

  /** Breaks after so many more bytes towards a side; of the last message, a part arrives. */
  cut(to: Side, bytes: number): void {
    this.calmSince = Number.POSITIVE_INFINITY
    const direction = to === 'client' ? this.#toClient : this.#toNode
    direction.budget = bytes
  }

  /** The client stops reading; the network takes so much more. */
  stall(capacity: number): void {
    this.calmSince = Number.POSITIVE_INFINITY
    this.#credit = capacity
  }

  /** Reads so many bytes while stalled. */
  sip(bytes: number): void {
    if (this.#credit < Number.POSITIVE_INFINITY) this.#allow(Math.max(this.#credit, 0) + bytes)
  }

  resume(): void {
    if (this.#toClient.hasHole) return
    if (this.#credit < Number.POSITIVE_INFINITY && !this.#isDoomed)
      this.calmSince = this.parts.world.elapsed()
    this.#allow(Number.POSITIVE_INFINITY)
  }

  // ——— inside

  #closeAt(side: Side, code: number, reason: string): void {
    const { client, handlers } = this.parts
    if (!this.#open[side]) return
    this.#open[side] = false
    if (side === 'client') client.enter(() => handlers.closed(code, reason))
    else {
      this.#forgetWaiting()
      this.#tellNode(code)
    }
    this.#checkOver()
  }

  #tellNode(code: number): void {
    const handler = this.#handler
    this.#handler = undefined
    this.parts.node.enter(() => handler?.closed(code, ''))
  }

  #checkOver(): void {
    if (this.isOver) this.parts.over(this)
  }

  #forgetWaiting(): void {
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #allow(credit: number): void {
    this.#credit = credit
    if (this.#pass()) this.parts.node.enter(() => this.#drained())
  }

  #drained(): void {
    if (this.#open.node && this.#waitingBytes === 0) this.#handler?.drained()
  }

  /** Moves what may go; tells whether nothing waits any more where something did. */
  #pass(): boolean {
    if (this.#isCorked || this.#waiting.length === 0) return false
    let moved = 0
    for (const text of this.#waiting) {
      if (this.#credit <= 0) break
      this.#credit -= text.length
      this.#waitingBytes -= text.length
      moved += 1
      this.#toClient.carry(text)
    }
    this.#waiting.splice(0, moved)
    return this.#waiting.length === 0
  }
}

/** One direction: what is sent arrives later, in order. */
class Direction {
  /** Nothing arrives. */
  hasHole = false
  /** Bytes until it breaks. */
  budget = Number.POSITIVE_INFINITY
  whenCut: (bytes: number) => void = () => undefined
  readonly #world: VirtualClock
  readonly #to: SimulatedProcess
  readonly #latencyMs: () => number
  readonly #arrive: (text: string) => void
  #lastArrival = 0
  /** Grows when what is under way is lost. */
  #era = 0

  constructor(
    world: VirtualClock,
    to: SimulatedProcess,
    latencyMs: () => number,
    arrive: (text: string) => void,
  ) {
    this.#world = world
    this.#to = to
    this.#latencyMs = latencyMs
    this.#arrive = arrive
  }

  carry(text: string): void {
    this.behind(() => this.#take(text))
  }

  /** Happens behind what was sent before. */
  behind(run: () => void): void {
    const era = this.#era
    const now = this.#world.elapsed()
    this.#lastArrival = Math.max(this.#lastArrival, now + Math.max(this.#latencyMs(), 1))
    this.#world.after(this.#lastArrival - now, () => {
      if (era === this.#era && !this.hasHole) run()
    })
  }

  clear(): void {
    this.#era += 1
  }

  #take(text: string): void {
    const part = this.budget < text.length ? text.slice(0, this.budget) : text
    this.budget -= text.length
    if (part !== '') this.#to.enter(() => this.#arrive(part))
    if (this.budget <= 0) this.whenCut(part.length)
  }
}
