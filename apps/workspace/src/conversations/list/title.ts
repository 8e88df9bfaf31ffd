import type { ConversationInfo } from '@parley/react'

interface Reader {
  readonly me: string | undefined
  readonly nameOf: (user: string) => string
}

const mostNamed = 3

/** What a conversation is called: its title, or else who is in it. */
export function titleOf(
  { title, type, with: others = [], channel }: Pick<ConversationInfo, 'title' | 'type' | 'with' | 'channel'>,
  { me, nameOf }: Reader,
): string {
  if (title !== '') return title
  const names = others.filter((user) => user !== me).map(nameOf)
  if (names.length === 0)
    return type === 'direct' ? 'Notes to yourself' : channel.slice(channel.indexOf(':') + 1)
  if (names.length <= mostNamed) return names.join(', ')
  return `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`
}

/** The one other person of a direct conversation; undefined where there are none or several. */
export function partnerIn(
  { type, with: others = [] }: Pick<ConversationInfo, 'type' | 'with'>,
  me: string | undefined,
): string | undefined {
  if (type !== 'direct') return undefined
  const rest = others.filter((user) => user !== me)
  return rest.length === 1 ? rest[0] : undefined
}
