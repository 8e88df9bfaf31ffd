import type { ReadState } from '@parley/react'
import type { Entry } from '../../conversations/list/sections.ts'
import { isMuted } from '../../conversations/list/sections.ts'

/** What waits, as the title of the page and its icon say it. */
export interface Tidings {
  /** Messages in conversations that are not muted. */
  readonly count: number
  /** Something waits for this reader alone: a mention, a direct message. */
  readonly isPersonal: boolean
}

/** @param threads followed ones with something unread */
export function tidingsOf(entries: readonly Entry[], threads: Iterable<ReadState>): Tidings {
  const wanted = entries.filter((entry) => !isMuted(entry))
  const channels = new Set(wanted.map(({ conversation }) => conversation.channel))
  const inThreads = [...threads].filter(({ channel }) => channels.has(channel))
  return {
    count: [...wanted, ...inThreads].reduce((sum, { unread }) => sum + unread, 0),
    isPersonal:
      inThreads.some(({ mentions }) => mentions > 0) ||
      wanted.some(
        ({ mentions, unread, conversation }) =>
          mentions > 0 || (unread > 0 && conversation.type === 'direct'),
      ),
  }
}

export function titleWith(name: string, { count }: Tidings): string {
  return count === 0 ? name : `(${count > 99 ? '99+' : count}) ${name}`
}

/** What was known of a conversation before something came. */
export interface Counts {
  readonly unread: number
  readonly mentions: number
}

/** Whether what came is worth a notification, by the preference of its reader. */
export function isWorthTelling(
  { conversation }: Pick<Entry, 'conversation'>,
  now: Counts,
  before: Counts,
): boolean {
  const { unread, mentions } = now
  switch (conversation.mine?.notify) {
    case 'all':
      return unread > before.unread || mentions > before.mentions
    case 'mentions':
      return mentions > before.mentions || (conversation.type === 'direct' && unread > before.unread)
    default:
      return false
  }
}
