import type { Logger } from '../ports/logger.ts'
import type { Channel } from './channel.ts'

/** Tells the modules that want to know when channels of theirs get their first subscriber and lose their last. */
export class Audiences {
  readonly #log: Logger

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
    try {
      audience.gone(channel.app, channel.name)
    } catch (error) {
      this.#log.error('A module failed when it was told that nobody is left in a channel.', {
        channel: channel.name,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
  }
}
