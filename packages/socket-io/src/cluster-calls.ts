import type { Node, Relay } from '@parley/kernel'
import type { Emission } from './emission.ts'
import type { Selection } from './rooms/rooms.ts'

/** What a socket of another node looks like from here. */
export interface SocketDetails {
  readonly id: string
  readonly handshake: object
  readonly rooms: readonly string[]
  readonly data: unknown
}

/** What one node asks another. */
export type ClusterCall =
  | { readonly op: 'fetch'; readonly namespace: string; readonly selection: Selection }
  | { readonly op: 'count'; readonly namespace: string; readonly selection: Selection }
  | {
      readonly op: 'join' | 'leave'
      readonly namespace: string
      readonly selection: Selection
      readonly rooms: readonly string[]
    }
  | {
      readonly op: 'disconnect'
      readonly namespace: string
      readonly selection: Selection
      readonly close: boolean
    }
  | { readonly op: 'volatile'; readonly namespace: string; readonly emission: Emission }
  | { readonly op: 'acked'; readonly namespace: string; readonly id: number; readonly answer: unknown }
  | {
      readonly op: 'event'
      readonly namespace: string
      readonly args: readonly unknown[]
      readonly wantsAnswer: boolean
    }

/** A node that says nothing for so long is left out. */
const patienceMs = 5_000

/** Asks the other nodes of a cluster. Those that leave meanwhile are not waited for. */
export class ClusterCalls {
  readonly #node: () => Node
  #relay: Relay | undefined

  constructor(node: () => Node) {
    this.#node = node
  }

  start(relay: Relay | undefined): void {
    this.#relay = relay
  }

  /** Id of this node; empty where there are no others. */
  get node(): string {
    return this.#relay?.node ?? ''
  }

  get others(): readonly string[] {
    if (this.#relay === undefined) return []
    return this.#node()
      .status()
      .nodes.filter((node) => node !== this.#relay?.node)
  }

  /** The answers of all other nodes that give one. */
  async askAll<T>(call: ClusterCall, withinMs = patienceMs): Promise<readonly T[]> {
    const answers = await Promise.allSettled(this.others.map((node) => this.ask<T>(node, call, withinMs)))
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  }

  /** @throws ParleyError when the node is gone or says nothing */
  async ask<T>(node: string, call: ClusterCall, withinMs = patienceMs): Promise<T> {
    if (this.#relay === undefined) throw new Error('This node is alone.')
    const answer = await this.#relay.ask(node, JSON.stringify({ app: JSON.stringify(call) }), withinMs)
    return JSON.parse(answer) as T
  }
}
