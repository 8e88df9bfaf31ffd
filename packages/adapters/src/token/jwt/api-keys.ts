import { createHash, timingSafeEqual } from 'node:crypto'
import type { Grant, Identity } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { grantsFrom } from './claims.ts'

/** A key of a back end: an id and a secret of at least 128 random bits, of which only the digest is known here. */
export interface ApiKey {
  readonly app: string
  readonly id: string
  /** SHA-256 of the secret in hex. A fast digest is enough for what cannot be guessed. */
  readonly secretHash: string
  /** What the key may do; default: everything in its app. */
  readonly capabilities?: Readonly<Record<string, readonly string[]>> | undefined
}

interface KnownKey {
  readonly identity: Identity
  readonly hash: Buffer
}

const everything: readonly Grant[] = [{ pattern: '*', actions: ['*'] }]
const nobodys = Buffer.alloc(32)

/**
 * Checks `id:secret` against the keys given, in a time that tells nothing about either.
 *
 * @throws RangeError for a key that cannot be used; the function made throws ParleyError `unauthenticated`
 */
export function apiKeyCheck(keys: readonly ApiKey[]): (credentials: string) => Identity {
  const known = new Map(keys.map((key) => [key.id, toKnown(key)]))
  if (known.size < keys.length) throw new RangeError('Two app keys have the same id.')
  return (credentials) => {
    const colon = credentials.indexOf(':')
    const key = known.get(credentials.slice(0, Math.max(colon, 0)))
    const given = createHash('sha256')
      .update(credentials.slice(colon + 1))
      .digest()
    const isRight = timingSafeEqual(given, key?.hash ?? nobodys)
    if (key === undefined || colon < 1 || !isRight)
      throw new ParleyError(
        'unauthenticated',
        'The app key is not known, or its secret is wrong. Send `id:secret`.',
      )
    return key.identity
  }
}

function toKnown({ app, id, secretHash, capabilities }: ApiKey): KnownKey {
  if (!/^[0-9a-f]{64}$/i.test(secretHash))
    throw new RangeError(`App key \`${id}\`: the hash of its secret is SHA-256 in hex (64 digits).`)
  const grants = capabilities === undefined ? everything : grantsFrom(capabilities)
  return {
    identity: { app, role: 'backend', grants, tokenId: `key:${id}` },
    hash: Buffer.from(secretHash, 'hex'),
  }
}
