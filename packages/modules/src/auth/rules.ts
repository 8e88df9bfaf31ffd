import { parseChannelName } from '@parley/protocol'
import type { Revocation } from './model.ts'

/**
 * The user id that a name becomes: `Ada Lovelace` → `ada-lovelace`. Letters of any script stay.
 * Returns undefined when nothing is left of the name.
 */
export function userIdOf(name: string): string | undefined {
  const id = name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    .replace(/^[-\p{M}]+|-+$/gu, '')
  return parseChannelName(`user:${id}`) === undefined ? undefined : id
}

/** The key under which a revocation is stored: a second one for the same token, user or app replaces the first. */
export function revocationKey({ tokenId, user }: Pick<Revocation, 'tokenId' | 'user'>): string {
  if (tokenId !== undefined) return `token:${tokenId}`
  return user === undefined ? 'all' : `user:${user}`
}

/** A later revocation never makes a token good again: of two moments the later one counts. */
export function joinRevocations(earlier: Revocation | undefined, later: Revocation): Revocation {
  if (earlier?.issuedBefore === undefined || later.issuedBefore === undefined) return later
  return {
    ...later,
    issuedBefore: Math.max(earlier.issuedBefore, later.issuedBefore),
    expiresAt: Math.max(earlier.expiresAt, later.expiresAt),
  }
}
