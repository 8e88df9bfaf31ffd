import type { ConversationInfo } from '@parley/react'

/** A conversation as the list shows it. */
export interface Entry {
  readonly conversation: ConversationInfo
  readonly title: string
  /** The one other person of a direct conversation. */
  readonly partner: string | undefined
  readonly unread: number
  readonly mentions: number
  readonly hasDraft: boolean
}

export interface Section {
  readonly name: string
  readonly entries: readonly Entry[]
}

/** Nothing is to be heard of it but mentions, or nothing at all. */
export function isMuted({ conversation: { mine } }: Pick<Entry, 'conversation'>): boolean {
  return mine?.notify === 'none'
}

/** Something waits that its reader wants to hear of. */
export function hasNews(entry: Entry): boolean {
  return entry.mentions > 0 || (entry.unread > 0 && !isMuted(entry))
}

/** The list in its sections; empty ones are left out. Inside, the order of the given entries stays. */
export function sectionsOf(entries: readonly Entry[], wanted: string): readonly Section[] {
  const words = wanted
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const found = entries.filter(({ title, partner }) => {
    const text = `${title} ${partner ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const isStarred = ({ conversation }: Entry) => conversation.mine?.starred === true
  const isRoom = ({ conversation }: Entry) => conversation.type === 'room'
  const rest = found.filter((entry) => !isStarred(entry))
  return [
    { name: 'Starred', entries: found.filter(isStarred) },
    { name: 'Rooms', entries: rest.filter(isRoom) },
    { name: 'Groups and direct messages', entries: rest.filter((entry) => !isRoom(entry)) },
  ].filter((section) => section.entries.length > 0)
}

/** The conversation before or after another one in the order shown; round the end. */
export function neighbourOf(
  sections: readonly Section[],
  open: string | undefined,
  { by, isWanted = () => true }: { readonly by: 1 | -1; readonly isWanted?: (entry: Entry) => boolean },
): string | undefined {
  const all = sections.flatMap(({ entries }) => entries)
  const at = all.findIndex(({ conversation }) => conversation.channel === open)
  const from = at < 0 && by < 0 ? all.length : at
  for (let step = 1; step <= all.length; step++) {
    const entry = all[(((from + by * step) % all.length) + all.length) % all.length]
    if (entry !== undefined && entry.conversation.channel !== open && isWanted(entry))
      return entry.conversation.channel
  }
  return undefined
}
