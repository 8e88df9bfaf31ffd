import type { Relay } from '@parley/kernel'

/** Clients by channel, of one node or several. */
export type Counts = Readonly<Record<string, number>>

interface Question {
  readonly app: string
  readonly prefix: string
}

const withinMs = 2_000

/** Which channels have clients of Pusher, on all nodes. Nodes that do not answer in time count for nothing. */
export class ClusterView {
  readonly #local: (app: string, prefix: string) => Counts
  #relay: Relay | undefined

  constructor(local: (app: string, prefix: string) => Counts) {
    this.#local = local
  }

  start(relay: Relay | undefined): void {
    this.#relay = relay
  }

  get hasPeers(): boolean {
    return (this.#relay?.nodes() ?? []).length > 0
  }

  /** This node first. */
  get nodes(): readonly string[] {
    return this.#relay === undefined ? [] : [this.#relay.node, ...this.#relay.nodes()]
  }

  answer(question: string): string {
    const { app, prefix } = JSON.parse(question) as Question
    return JSON.stringify(this.#local(app, prefix))
  }

  async counts(app: string, prefix: string): Promise<Counts> {
    const question: Question = { app, prefix }
    const others = (this.#relay?.nodes() ?? []).map(async (node) => {
      try {
        return JSON.parse(
          (await this.#relay?.ask(node, JSON.stringify(question), withinMs)) ?? '{}',
        ) as Counts
      } catch {
        return {}
      }
    })
    const all: Record<string, number> = { ...this.#local(app, prefix) }
    for (const counts of await Promise.all(others))
      for (const [name, count] of Object.entries(counts)) all[name] = (all[name] ?? 0) + count
    return all
  }
}
