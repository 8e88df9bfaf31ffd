import type { Channel } from '../channels/channel.ts'
import { channelKey, type Hub } from '../channels/hub.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'

export interface PositionCheckParts {
  readonly hub: Hub
  readonly clock: Clock
  readonly log: Logger
  readonly apps: readonly string[]
  /** Applies the access changes stored before the call. */
  readonly settle: (app: string) => Promise<void>
}

/** Channels asked for at once. */
const batch = 256
/** What looks like another stream is looked at together with what follows soon. */
const doubtMs = 50

/**
 * Compares where this node is with where the logs are, so that nothing depends on announcements alone: the access
 * changes of all apps, and every open channel. At most one walk is under way, and one waits.
 */
export class PositionCheck {
  readonly #parts: PositionCheckParts
  readonly #doubted = new Set<Channel>()
  #walk: Promise<void> | undefined
  #isWanted = false
  #isStopped = false

  constructor(parts: PositionCheckParts) {
    this.#parts = parts
  }

  /** Looks at everything, beginning after this call. */
  run(): void {
    this.#isWanted = true
    this.#walk ??= this.#walkWhileWanted().finally(() => {
      this.#walk = undefined
    })
  }

  /** Looks at one channel soon. */
  doubt(channel: Channel): void {
    if (this.#doubted.size === 0)
      this.#parts.clock.after(doubtMs, () => {
        const channels = [...this.#doubted]
        this.#doubted.clear()
        void this.#attempt(() => this.#compareAll(channels))
      })
    this.#doubted.add(channel)
  }

  /** No walk is begun any more. Fulfilled when the last one has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#walk
  }

  async #walkWhileWanted(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false
      await this.#attempt(async () => {
        for (const app of this.#parts.apps) await this.#parts.settle(app)
        await this.#compareAll([...this.#parts.hub.channels()])
      })
    }
  }

  async #attempt(look: () => Promise<void>): Promise<void> {
    try {
      if (!this.#isStopped) await look()
    } catch (error) {
      this.#parts.log.warn('Positions could not be compared with the log; it is tried again in a while.', {
        error: String(error),
      })
    }
  }

  async #compareAll(channels: readonly Channel[]): Promise<void> {
    const stored = channels.filter(({ kind }) => kind.durability !== 'ephemeral')
    const groups = Map.groupBy(stored, ({ app, kind }) => channelKey(app, kind.durability))
    for (const group of groups.values())
      for (let from = 0; from < group.length && !this.#isStopped; from += batch)
        await this.#compare(group.slice(from, from + batch))
  }

  /** Of one app and durability. */
  async #compare(channels: readonly Channel[]): Promise<void> {
    const { hub, settle } = this.#parts
    const [{ app, kind }] = channels as readonly [Channel]
    const names = channels.map(({ name }) => name)
    const tops = (await hub.log(kind)?.tops(app, names)) ?? []
    // What was stored before the tops were read is known then.
    await settle(app)
    for (const [index, top] of tops.entries()) {
      const channel = channels[index] as Channel
      if (hub.find(app, channel.name) === channel) hub.verify(channel, top)
    }
  }
}
