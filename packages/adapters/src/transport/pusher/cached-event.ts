import type { HubEvent, PusherHub } from './hub.ts'
import type { ChannelName } from './names.ts'

/** How far back the newest event of a server is looked for: those of clients are not cached. */
const lookedAt = 20

export interface CacheQuery {
  readonly app: string
  readonly name: ChannelName
  /** Events from before are forgotten, in ms since 1970. */
  readonly oldest: number
  /** Only events below this offset. */
  readonly before?: number
}

/** The event that a cache channel remembers. */
export async function cachedEvent(
  hub: Pick<PusherHub, 'recent'>,
  { app, name, oldest, before }: CacheQuery,
): Promise<HubEvent | undefined> {
  const events = await hub.recent(app, name.channel, { limit: lookedAt, before })
  return events.findLast(
    ({ type, at, redacted }) => redacted !== true && at >= oldest && !type.startsWith('client-'),
  )
}
