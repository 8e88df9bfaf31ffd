/** What is looked for, as the fields of the page hold it; empty: not narrowed by this. */
export interface SearchQuery {
  readonly text: string
  readonly channel: string
  readonly author: string
  readonly mentions: string
  readonly has: '' | 'file' | 'link' | 'pin' | 'reaction'
  /** Days: `2026-05-20`. */
  readonly since: string
  readonly until: string
}

const nothing: SearchQuery = {
  text: '',
  channel: '',
  author: '',
  mentions: '',
  has: '',
  since: '',
  until: '',
}

/** Reads a query from an address. */
export function queryIn(address: Readonly<Record<string, string>>): SearchQuery {
  const known = Object.fromEntries(Object.keys(nothing).map((name) => [name, address[name] ?? '']))
  const has = ['file', 'link', 'pin', 'reaction'].includes(known.has ?? '') ? known.has : ''
  return { ...nothing, ...known, has } as SearchQuery
}

/** True when there is nothing to look for yet: a conversation alone narrows, it does not ask. */
export function isBlank({ channel: _any, ...query }: SearchQuery): boolean {
  return Object.values(query).every((value) => value.trim() === '')
}

/** The input of `chat.search`. */
export function inputOf(query: SearchQuery) {
  const { text, channel, author, mentions, has } = query
  const since = startOf(query.since)
  const until = startOf(query.until)
  return {
    text: text.trim(),
    ...(channel === '' ? {} : { channel }),
    ...(author === '' ? {} : { author }),
    ...(mentions === '' ? {} : { mentions }),
    ...(has === '' ? {} : { has }),
    ...(since === undefined ? {} : { since }),
    // To the end of that day.
    ...(until === undefined ? {} : { until: until + 86_400_000 - 1 }),
  }
}

/** The beginning of a day in the time of this place. */
export function startOf(day: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined
  const at = new Date(`${day}T00:00`).getTime()
  return Number.isFinite(at) && at >= 0 ? at : undefined
}
