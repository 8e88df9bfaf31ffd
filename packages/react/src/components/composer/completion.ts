/** What is being completed: a mention, an emoji, or a slash command. */
export interface Trigger {
  readonly type: 'mention' | 'emoji' | 'command'
  /** What was written of it. */
  readonly query: string
  /** Where its sign stands in the text. */
  readonly begin: number
  readonly end: number
}

/** Something that can be taken. */
export interface Suggestion {
  readonly key: string
  /** What replaces the sign and what was written after it. */
  readonly insert: string
  readonly label: string
  readonly detail?: string | undefined
  /** Shown as an avatar. */
  readonly user?: string | undefined
}

const mention = /(?:^|[\s([{"'*_~>])@([\p{L}\p{N}._~@+=:-]{0,40})$/u
const emoji = /(?:^|[\s([{"'*_~>]):([a-z0-9_+-]{2,30})$/
const command = /^\/([a-z0-9-]{0,31})$/

/** What stands before the caret and can be completed. */
export function triggerAt(text: string, caret: number): Trigger | undefined {
  const before = text.slice(0, caret)
  const from = (type: Trigger['type'], query: string | undefined): Trigger | undefined =>
    query === undefined ? undefined : { type, query, begin: caret - query.length - 1, end: caret }
  return (
    from('command', command.exec(before)?.[1]) ??
    from('mention', mention.exec(before)?.[1]) ??
    from('emoji', emoji.exec(before)?.[1])
  )
}

/** The text after a suggestion was taken, and where the caret is then. */
export function complete(
  text: string,
  { begin, end }: Trigger,
  { insert }: Suggestion,
): { readonly text: string; readonly caret: number } {
  const after = text.slice(end).replace(/^ /, '')
  return { text: `${text.slice(0, begin)}${insert} ${after}`, caret: begin + insert.length + 1 }
}

/** Those that match what was written, best first. */
export function ranked<T>(
  items: Iterable<T>,
  query: string,
  namesOf: (item: T) => readonly string[],
): readonly T[] {
  const wanted = plain(query)
  const found: { readonly item: T; readonly rank: number }[] = []
  for (const item of items) {
    const ranks = namesOf(item).map((name) => rankOf(plain(name), wanted))
    const rank = Math.min(...ranks)
    if (rank < 3) found.push({ item, rank })
  }
  return found.sort((one, other) => one.rank - other.rank).map(({ item }) => item)
}

function rankOf(name: string, wanted: string): number {
  if (name.startsWith(wanted)) return 0
  if (name.includes(` ${wanted}`) || name.includes(`-${wanted}`) || name.includes(`_${wanted}`)) return 1
  return name.includes(wanted) ? 2 : 3
}

function plain(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/** A text that runs a slash command; `//` at the beginning sends a slash. */
export function commandIn(text: string): { readonly name: string; readonly args: string } | undefined {
  const [, name, args = ''] = /^\/([a-z][a-z0-9-]{0,31})(?:\s+([\s\S]*))?$/.exec(text.trim()) ?? []
  return name === undefined ? undefined : { name, args: args.trim() }
}
