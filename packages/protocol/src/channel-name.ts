/** Longest channel name in UTF-16 code units. */
export const maxChannelNameLength = 200

const kindPattern = /^[a-z][a-z0-9_-]{0,31}$/
// Letters and digits of any script, and a few signs. No control, white space, slash, backslash, quote or wildcard:
// a name is used in URLs, file names of exports, log lines and capability patterns.
const idPattern = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._~@+=:-]*$/u

export interface ChannelName {
  readonly kind: string
  readonly id: string
}

/** Splits `kind:id`. Returns undefined for a name that no channel may have. */
export function parseChannelName(name: string): ChannelName | undefined {
  if (name.length > maxChannelNameLength) return undefined
  const colon = name.indexOf(':')
  if (colon < 1) return undefined
  const kind = name.slice(0, colon)
  const id = name.slice(colon + 1)
  if (!kindPattern.test(kind) || !idPattern.test(id) || id.includes('..')) return undefined
  return { kind, id }
}

/**
 * Tells whether a capability pattern covers a channel. `*` alone covers all; `*` at the end covers what begins with
 * the rest (`chat:*`, `chat:team-*`); anything else must be equal. A star elsewhere has no meaning.
 */
export function patternCovers(pattern: string, channel: string): boolean {
  if (pattern === '*') return true
  if (pattern.endsWith('*')) return channel.startsWith(pattern.slice(0, -1))
  return pattern === channel
}
