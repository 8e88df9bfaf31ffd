import type { Kind } from '../kind.ts'
import type { Logger } from '../ports/logger.ts'
import type { Channel } from './channel.ts'

/** A channel that another node has open. */
interface Elsewhere {
  readonly app: string
  readonly name: string
  readonly node: string
}

/** Tells the modules that want to know when channels of theirs get their first subscriber and lose their last. */
export class Audiences {
  readonly #log: Logger
  /** By channel: the other nodes that have it open. */
  readonly #elsewhere = new Map<string, { readonly kind: Kind; readonly nodes: Set<string> }>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Whether somebody may join the channel as it is. */
  isReady(channel: Channel): boolean {
    return channel.kind.audience === undefined || channel.isAwaited
  }

  /** Has the module get the channel ready for its first subscriber. */
  async prepare(channel: Channel): Promise<void> {
    channel.arrivals += 1
    try {
      await channel.kind.audience?.arriving(channel.app, channel.name)
      channel.isAwaited = true
    } finally {
      channel.arrivals -= 1
    }
  }

  /** Called when somebody has left, or has not come after all. */
  left(channel: Channel): void {
    const { audience } = channel.kind
    if (audience === undefined || !channel.isAwaited) return
    if (channel.memberCount > 0 || channel.arrivals > 0) return
    channel.isAwaited = false
    if (!this.#elsewhere.has(keyOf(channel))) this.#gone(channel.kind, channel)
  }

  /** Another node has the channel open: the module gets it ready for those who are there. */
  async arrivingElsewhere(kind: Kind, { app, name, node }: Elsewhere): Promise<void> {
    if (kind.audience === undefined) return
    const key = keyOf({ app, name })
    const known = this.#elsewhere.get(key) ?? { kind, nodes: new Set() }
    known.nodes.add(node)
    this.#elsewhere.set(key, known)
    await kind.audience.arriving(app, name)
  }

  /** Another node has closed the channel, or is gone. `channel`: as it is open here. */
  goneElsewhere({ app, name, node }: Elsewhere, channel: Channel | undefined): void {
    const key = keyOf({ app, name })
    const known = this.#elsewhere.get(key)
    if (known?.nodes.delete(node) !== true || known.nodes.size > 0) return
    this.#elsewhere.delete(key)
    const isNeeded = channel !== undefined && (channel.isAwaited || channel.arrivals > 0)
    if (!isNeeded) this.#gone(known.kind, { app, name })
  }

  #gone({ audience }: Kind, { app, name }: { readonly app: string; readonly name: string }): void {
    try {
      audience?.gone(app, name)
    } catch (error) {
      this.#log.error('A module failed when it was told that nobody is left in a channel.', {
        channel: name,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
  }
}

function keyOf({ app, name }: { readonly app: string; readonly name: string }): string {
  return `${app}/${name}`
}
