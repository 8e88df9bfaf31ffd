import type { Grant, Identity } from '@parley/kernel'
import {
  type Action,
  compileFilter,
  type Filter,
  maxChannelNameLength,
  ParleyError,
  parseChannelName,
} from '@parley/protocol'
import type { JWTPayload } from 'jose'

/** Bounds of what a token may say. */
export const claimLimits = {
  maxCapabilities: 100,
  maxUserLength: 128,
  maxTokenIdLength: 256,
  maxNameLength: 200,
  maxPictureLength: 1_024,
} as const

const actions: ReadonlySet<string> = new Set(['read', 'write', 'presence', 'manage', '*'])
const patternCharacters = /^(\*|[a-z][a-z0-9_-]*(\*|:[\p{L}\p{N}\p{M}._~@+=:-]*\*?))$/u

/**
 * Grants from the claim `capabilities` (`{"chat:*": ["read", "write"]}`) and the optional claim `filters`
 * (`{"chat:*": { "field": "type", "eq": "news" }}`).
 *
 * @throws ParleyError `unauthenticated` that names what is wrong
 */
export function grantsFrom(capabilities: unknown, filters: unknown = {}): readonly Grant[] {
  if (capabilities === undefined) return []
  if (!isRecord(capabilities)) throw malformed('`capabilities` is an object of pattern → list of actions.')
  if (!isRecord(filters)) throw malformed('`filters` is an object of pattern → filter.')
  const patterns = Object.keys(capabilities)
  if (patterns.length > claimLimits.maxCapabilities)
    throw malformed(
      `\`capabilities\` has ${patterns.length} patterns; at most ${claimLimits.maxCapabilities}.`,
    )
  for (const pattern of Object.keys(filters))
    if (!Object.hasOwn(capabilities, pattern))
      throw malformed('`filters` names a pattern that `capabilities` lacks.')
  return patterns.map((pattern) => grant(pattern, capabilities[pattern], filters[pattern]))
}

function grant(pattern: string, granted: unknown, filter: unknown): Grant {
  if (pattern.length > maxChannelNameLength || !patternCharacters.test(pattern))
    throw malformed(
      'A pattern in `capabilities` is a channel name, a beginning of one with `*` after it, or `*`.',
    )
  if (
    !Array.isArray(granted) ||
    granted.length > actions.size ||
    !granted.every((action) => actions.has(action))
  )
    throw malformed(`\`capabilities\` of \`${pattern}\` is a list of ${[...actions].join(', ')}.`)
  if (filter === undefined) return { pattern, actions: granted as Action[] }
  const compiled = compileFilter(filter)
  if (typeof compiled === 'string') throw malformed(`\`filters\` of \`${pattern}\`: ${compiled}`)
  return { pattern, actions: granted as Action[], filter: filter as Filter }
}

/** The parts of an identity that the claims of a verified token give. Times become milliseconds. */
export function identityFrom(payload: JWTPayload, app: string, maxLifetimeMs: number): Identity {
  const user = userFrom(payload.sub)
  const tokenId = text(payload.jti, 'jti', claimLimits.maxTokenIdLength)
  const profile = profileFrom(payload)
  const expiresAt = (payload.exp as number) * 1000
  return {
    app,
    role: 'user',
    grants: grantsFrom(payload.capabilities, payload.filters),
    expiresAt,
    // Without `iat` the token counts as issued as early as its expiry allows, so that revocations by time reach it.
    issuedAt: payload.iat === undefined ? expiresAt - maxLifetimeMs : payload.iat * 1000,
    ...(user === undefined ? {} : { user }),
    ...(tokenId === undefined ? {} : { tokenId }),
    ...(profile === undefined ? {} : { profile }),
  }
}

function userFrom(sub: unknown): string | undefined {
  const user = text(sub, 'sub', claimLimits.maxUserLength)
  if (user !== undefined && parseChannelName(`user:${user}`) === undefined)
    throw malformed('`sub` has letters, digits and . _ ~ @ + = : - only: map other user ids when you sign.')
  return user
}

function profileFrom({ name, picture }: JWTPayload): Readonly<Record<string, string>> | undefined {
  const shown = text(name, 'name', claimLimits.maxNameLength)
  const image = text(picture, 'picture', claimLimits.maxPictureLength)
  if (image !== undefined && !/^https?:\/\//.test(image))
    throw malformed('`picture` is an http or https URL.')
  if (shown === undefined && image === undefined) return undefined
  return {
    ...(shown === undefined ? {} : { name: shown }),
    ...(image === undefined ? {} : { picture: image }),
  }
}

function text(value: unknown, claim: string, maxLength: number): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '' || value.length > maxLength || /\p{Cc}/u.test(value))
    throw malformed(`\`${claim}\` is a text of 1 to ${maxLength} characters without control characters.`)
  return value
}

function malformed(what: string): ParleyError {
  return new ParleyError('unauthenticated', `The token is signed, but its claims do not fit: ${what}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
