import type { Broker, NodeMessage } from '../ports/broker.ts'
import type { Clock } from '../ports/clock.ts'
import { IncomingLink, OutgoingLink, type Told } from './peer-link.ts'

export interface PeersParts {
  readonly broker: Broker
  readonly clock: Clock
  /** The next thing to tell a node; undefined when there is none. */
  readonly next: (node: string) => Told | undefined
  /** Takes what a node tells. */
  readonly take: (node: string, told: Told) => void
  /** Everything must be told to the node once more. */
  readonly restarted: (node: string) => void
  /** The node tells everything once more. */
  readonly began: (node: string) => void
}

interface Peer {
  readonly outgoing: OutgoingLink
  readonly incoming: IncomingLink
}

/** The other nodes, each with a link in both directions. Never more than what is in flight is kept here. */
export class Peers {
  readonly #parts: PeersParts
  readonly #peers = new Map<string, Peer>()
  /** Nodes that there may be something to tell. */
  readonly #awake = new Set<string>()
  #links = 0

  constructor(parts: PeersParts) {
    this.#parts = parts
  }

  /** Nodes that are there. */
  nodes(): readonly string[] {
    return [...this.#peers.keys()]
  }

  /** Answers false when the node was there already. */
  joined(node: string): boolean {
    if (this.#peers.has(node)) return false
    const { broker, clock, next, take, began } = this.#parts
    const send = (message: NodeMessage) => broker.send(message, node)
    const outgoing = new OutgoingLink(
      { send, next: () => next(node), elapsed: () => clock.elapsed() },
      ++this.#links,
    )
    const incoming = new IncomingLink(
      send,
      () => began(node),
      (told) => take(node, told),
    )
    this.#peers.set(node, { outgoing, incoming })
    return true
  }

  left(node: string): void {
    this.#peers.delete(node)
    this.#awake.delete(node)
  }

  received(from: string, message: NodeMessage): void {
    const peer = this.#peers.get(from)
    if (peer === undefined) return
    const { link, seq } = message as unknown as { readonly link: number; readonly seq: number }
    if (message.type === 'told') peer.incoming.receive(message)
    else if (message.type === 'heard') peer.outgoing.confirmed(link, seq)
    else if (message.type === 'forgot' && link === peer.outgoing.link) this.#restart(from, peer)
  }

  #restart(node: string, { outgoing }: Peer): void {
    outgoing.restart(++this.#links)
    this.#parts.restarted(node)
    this.wake(node)
  }

  /** There is something to tell a node: at the end of this turn. */
  wake(node: string): void {
    if (this.#awake.size === 0) this.#parts.clock.defer(() => this.#flush())
    this.#awake.add(node)
  }

  #flush(): void {
    for (const node of this.#awake) this.#peers.get(node)?.outgoing.flush()
    this.#awake.clear()
  }

  /** Sends again what was not confirmed in time. */
  resend(): void {
    for (const { outgoing } of this.#peers.values()) outgoing.resend()
  }
}
