import { type Kind, type Kinds, retentionDefaults } from '../kind.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventLog } from '../ports/event-log.ts'
import type { Logger } from '../ports/logger.ts'
import type { Store } from '../ports/store.ts'
import type { Hub } from './hub.ts'

const pageSize = 200

export interface RetentionParts {
  readonly clock: Clock
  readonly log: Logger
  readonly kinds: Kinds
  readonly hub: Hub
  readonly store: Store
  readonly recentLog: EventLog
  /** Asked between two pages of channels. */
  readonly isWanted: () => boolean
}

/** Drops what no retention holds any more: one walk over all channels, page by page, with room for others between. */
export async function enforceRetention(parts: RetentionParts, apps: readonly string[]): Promise<void> {
  for (const app of apps) {
    await trimAll(parts, app, 'durable')
    await trimAll(parts, app, 'recent')
  }
}

type Stored = 'durable' | 'recent'

async function trimAll(parts: RetentionParts, app: string, durability: Stored): Promise<void> {
  const log: EventLog = durability === 'durable' ? parts.store : parts.recentLog
  let after: string | undefined
  do {
    const page = await log.channels(app, { limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const { channel, head, first } of page) {
      // Nothing is held: there is nothing to drop.
      if (first > head) continue
      const retention = kindOf(parts.kinds, channel)?.retention ?? retentionDefaults.durable
      const kept = await log.trim(app, channel, retention, parts.clock.now())
      tellChannel(parts.hub, { app, channel, durability }, kept)
    }
    after = page.length < pageSize ? undefined : page.at(-1)?.channel
    await new Promise<void>((resolve) => parts.clock.defer(resolve))
  } while (after !== undefined && parts.isWanted())
}

/** The kind may have changed its durability: the log of before is none of the channel's business. */
function tellChannel(
  hub: Hub,
  which: { readonly app: string; readonly channel: string; readonly durability: Stored },
  kept: number,
): void {
  const open = hub.find(which.app, which.channel)
  if (open?.kind.durability === which.durability) open.trimmed(kept)
}

/** A kind may have gone from the configuration while its channels are still there. */
function kindOf(kinds: Kinds, channel: string): Kind | undefined {
  return kinds.list().find((kind) => channel.startsWith(`${kind.name}:`))
}
