import type { Authenticator, Clock, Identity } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { type ApiKey, apiKeyCheck } from './jwt/api-keys.ts'
import { identityFrom } from './jwt/claims.ts'
import { type ImportedKey, importKeys, type SigningKey } from './jwt/keys.ts'
import { isSignedBy } from './jwt/signature.ts'
import { checkValidity, expired } from './jwt/validity.ts'
import { VerifiedTokens } from './jwt/verified-tokens.ts'

export type { ApiKey } from './jwt/api-keys.ts'
export type { SigningAlgorithm, SigningKey } from './jwt/keys.ts'
export { jwtSigner, type SignerOptions, type TokenClaims } from './jwt/sign.ts'

export interface JwtOptions {
  readonly keys: readonly SigningKey[]
  readonly apiKeys?: readonly ApiKey[]
  /** `aud` must be, or contain, one of these. Default: not looked at. */
  readonly audience?: readonly string[] | undefined
  /** `iss` must be one of these. Default: not looked at. */
  readonly issuer?: readonly string[] | undefined
  /** How far clocks may differ. Default 5 s. */
  readonly clockSkewMs?: number | undefined
  /** No token may live longer. Default 30 days. */
  readonly maxLifetimeMs?: number | undefined
  /** Verified tokens remembered. Default 10,000. */
  readonly maxRemembered?: number | undefined
  readonly clock: Pick<Clock, 'now'>
}

const maxTokenLength = 8_192
const day = 24 * 60 * 60 * 1000

/**
 * Checks tokens (JWT) and app keys. Each signing key has one algorithm and one app: a token that was signed in another
 * way, or that claims another app than its key's, is refused. Revocations are the kernel's business: identities carry
 * what it needs (token id, user, time of issue).
 *
 * @throws RangeError that names the key which cannot be used
 */
export async function jwtAuthenticator(options: JwtOptions): Promise<Authenticator> {
  const verify = tokenCheck(options, await importKeys(options.keys))
  const checkApiKey = apiKeyCheck(options.apiKeys ?? [])
  return {
    authenticate: async ({ token, kind }) => {
      if (token.length > maxTokenLength)
        throw new ParleyError(
          'unauthenticated',
          `The token has ${token.length} characters; at most ${maxTokenLength}.`,
        )
      return kind === 'key' ? checkApiKey(token) : verify(token)
    },
  }
}

function tokenCheck(options: JwtOptions, keys: readonly ImportedKey[]): (token: string) => Promise<Identity> {
  const { clock, clockSkewMs = 5_000, maxLifetimeMs = 30 * day, maxRemembered = 10_000 } = options
  const remembered = new VerifiedTokens(maxRemembered)
  const rules = { clockSkewMs, maxLifetimeMs, audience: options.audience, issuer: options.issuer }
  return async (token) => {
    const digest = remembered.digestOf(token)
    const known = remembered.get(digest)
    if (known !== undefined) {
      if ((known.expiresAt as number) + clockSkewMs > clock.now()) return known
      remembered.remove(digest)
      throw expired(known.expiresAt as number)
    }
    const key = await signerOf(token, candidates(token, keys))
    const payload = payloadOf(token)
    checkValidity(payload, { ...rules, now: clock.now() })
    if (payload.app !== undefined && payload.app !== key.app)
      throw new ParleyError(
        'unauthenticated',
        'The token claims another app than the one its key belongs to.',
      )
    const identity = Object.freeze(identityFrom(payload, key.app, maxLifetimeMs))
    remembered.add(digest, identity)
    return identity
  }
}

// The header chooses among our keys; it never says how a key is used.
function candidates(token: string, keys: readonly ImportedKey[]): readonly ImportedKey[] {
  let header: { alg?: unknown; kid?: unknown; crit?: unknown }
  try {
    header = decodeProtectedHeader(token)
  } catch (cause) {
    throw new ParleyError('unauthenticated', 'The token is not a JWT.', { cause })
  }
  if (header.crit !== undefined)
    throw new ParleyError('unauthenticated', 'The token asks for extensions that this server does not have.')
  const named = keys.filter((key) => key.kid !== undefined && key.kid === header.kid)
  const pool =
    named.length > 0 ? named : keys.filter((key) => key.kid === undefined || header.kid === undefined)
  const fitting = pool.filter((key) => key.algorithm === header.alg)
  if (fitting.length === 0)
    throw new ParleyError(
      'unauthenticated',
      'The token was signed with a key or an algorithm that this server does not take.',
    )
  return fitting
}

async function signerOf(token: string, keys: readonly ImportedKey[]): Promise<ImportedKey> {
  for (const key of keys) {
    try {
      const isSigned = isSignedBy(token, key)
      if (typeof isSigned === 'boolean' ? isSigned : await isSigned) return key
    } catch (cause) {
      throw new ParleyError('unauthenticated', 'The token cannot be verified.', { cause })
    }
  }
  throw new ParleyError(
    'unauthenticated',
    'The signature of the token is wrong: no key of this server made it.',
  )
}

function payloadOf(token: string): JWTPayload {
  try {
    return decodeJwt(token)
  } catch (cause) {
    throw new ParleyError('unauthenticated', 'The token is not a JWT.', { cause })
  }
}
