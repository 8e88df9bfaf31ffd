/** What stands beside a conversation. */
export type PanelName = 'details' | 'members' | 'pins'

/** Pages that need no more than their name. */
const pageNames = [
  'threads',
  'mentions',
  'drafts',
  'scheduled',
  'people',
  'rooms',
  'invitations',
  'you',
] as const

type PageName = (typeof pageNames)[number]

/** Where somebody is in the workspace; the address of the page says it, so that every place can be linked to. */
export type Place =
  | { readonly page: 'home' }
  | { readonly page: PageName }
  | ConversationPlace
  | { readonly page: 'search'; readonly query: Readonly<Record<string, string>> }
  | { readonly page: 'join'; readonly token: string }
  /** The developer's view of plain channels. */
  | { readonly page: 'channels'; readonly channel?: string }

export interface ConversationPlace {
  readonly page: 'conversation'
  readonly channel: string
  /** Jump to this message. */
  readonly message?: number
  readonly panel?: PanelName
  /** The thread beside the conversation, by the seq of its root. */
  readonly thread?: number
}

const panelNames: readonly string[] = ['details', 'members', 'pins'] satisfies PanelName[]

/** Reads the part of an address after `#`; whatever it does not know is `home`. */
export function placeIn(hash: string): Place {
  const text = decode(hash.replace(/^#/, ''))
  const [path = '', query = ''] = splitAt(text, '?')
  const [head = '', ...rest] = path.split('/')
  if (head.startsWith('conversation:')) return isChannelName(head) ? inConversation(head, rest) : home
  if (isChannelName(head)) return { page: 'channels', channel: head }
  if (head === 'search') return { page: 'search', query: Object.fromEntries(new URLSearchParams(query)) }
  if (head === 'join' && rest[0]) return { page: 'join', token: rest[0] }
  if (head === 'channels') return { page: 'channels' }
  return pageNames.includes(head as PageName) ? { page: head as PageName } : home
}

const home: Place = { page: 'home' }

function inConversation(channel: string, rest: readonly string[]): ConversationPlace {
  const [first = '', second = '', third = ''] = rest
  const place = { page: 'conversation', channel } as const
  if (first === 'thread' && isSeq(second)) {
    const message = isSeq(third) ? { message: Number(third) } : {}
    return { ...place, thread: Number(second), ...message }
  }
  if (isSeq(first)) return { ...place, message: Number(first) }
  return panelNames.includes(first) ? { ...place, panel: first as PanelName } : place
}

/** The address of a place: `#conversation:general/17`. */
export function hrefOf(place: Place): string {
  switch (place.page) {
    case 'home':
      return '#home'
    case 'conversation':
      return `#${encodeURI(place.channel)}${insideOf(place)}`
    case 'search': {
      const query = new URLSearchParams(Object.entries(place.query).filter(([, value]) => value !== ''))
      return query.size === 0 ? '#search' : `#search?${query}`
    }
    case 'join':
      return `#join/${place.token}`
    case 'channels':
      return place.channel === undefined ? '#channels' : `#${encodeURI(place.channel)}`
    default:
      return `#${place.page}`
  }
}

function insideOf({ message, panel, thread }: ConversationPlace): string {
  if (thread !== undefined) return `/thread/${thread}${message === undefined ? '' : `/${message}`}`
  if (message !== undefined) return `/${message}`
  return panel === undefined ? '' : `/${panel}`
}

function isSeq(text: string): boolean {
  return /^[1-9]\d{0,14}$/.test(text)
}

function decode(text: string): string {
  try {
    // The query is decoded by itself.
    const [path = '', query] = splitAt(text, '?')
    return query === undefined ? decodeURI(path) : `${decodeURI(path)}?${query}`
  } catch {
    return ''
  }
}

function splitAt(text: string, mark: string): [before: string, after?: string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

const idPattern = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._~@+=:-]*$/u

/** Whether a channel may have this id: what stands after the colon. The server decides; this saves asking. */
export function isChannelId(id: string): boolean {
  return id.length <= 160 && idPattern.test(id) && !id.includes('..')
}

function isChannelName(name: string): boolean {
  const { kind, id } = partsOf(name)
  return /^[a-z][a-z0-9_-]*$/.test(kind) && isChannelId(id)
}

/** `chat:general` → `chat` and `general`. */
export function partsOf(channel: string): { readonly kind: string; readonly id: string } {
  const colon = channel.indexOf(':')
  return { kind: channel.slice(0, Math.max(0, colon)), id: channel.slice(colon + 1) }
}
