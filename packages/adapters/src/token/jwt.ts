import type { Authenticator, Clock, Identity } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { type ApiKey, apiKeyCheck } from './jwt/api-keys.ts'
import { identityFrom } from './jwt/claims.ts'
import { type ImportedKey, importKeys, type SigningKey } from './jwt/keys.ts'
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
  const limits = { clockSkewMs, maxLifetimeMs }
  return async (token) => {
    const known = remembered.get(token)
    if (known !== undefined) {
      if ((known.expiresAt as number) + clockSkewMs > clock.now()) return known
      remembered.remove(token)
      throw expired(known.expiresAt as number)
    }
    const { payload, key } = await verifySignature(token, candidates(token, keys), options)
    checkClaims(payload, key.app, { ...limits, now: clock.now() })
    const identity = Object.freeze(identityFrom(payload, key.app, maxLifetimeMs))
    remembered.add(token, identity)
    return identity
  }
}

// The header chooses among our keys; it never says how a key is used.
function candidates(token: string, keys: readonly ImportedKey[]): readonly ImportedKey[] {
  let header: { alg?: unknown; kid?: unknown }
  try {
    header = decodeProtectedHeader(token)
  } catch (cause) {
    throw new ParleyError('unauthenticated', 'The token is not a JWT.', { cause })
  }
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

async function verifySignature(
  token: string,
  keys: readonly ImportedKey[],
  { audience, issuer, clock, clockSkewMs = 5_000 }: JwtOptions,
): Promise<{ readonly payload: JWTPayload; readonly key: ImportedKey }> {
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key.crypto, {
        algorithms: [key.algorithm],
        currentDate: new Date(clock.now()),
        clockTolerance: clockSkewMs / 1000,
        requiredClaims: ['exp'],
        ...(audience === undefined ? {} : { audience: [...audience] }),
        ...(issuer === undefined ? {} : { issuer: [...issuer] }),
      })
      return { payload, key }
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw refusal(error)
    }
  }
  throw new ParleyError(
    'unauthenticated',
    'The signature of the token is wrong: no key of this server made it.',
  )
}

function refusal(error: unknown): ParleyError {
  if (error instanceof errors.JWTExpired) return expired(Number(error.payload.exp) * 1000)
  if (error instanceof errors.JWTClaimValidationFailed) {
    const what = error.reason === 'missing' ? 'is missing' : 'does not fit this server'
    return new ParleyError('unauthenticated', `The claim \`${error.claim}\` of the token ${what}.`, {
      cause: error,
    })
  }
  return new ParleyError('unauthenticated', 'The token cannot be verified.', { cause: error })
}

interface ClaimTimes {
  readonly now: number
  readonly clockSkewMs: number
  readonly maxLifetimeMs: number
}

function checkClaims(
  payload: JWTPayload,
  app: string,
  { now, clockSkewMs, maxLifetimeMs }: ClaimTimes,
): void {
  if (payload.app !== undefined && payload.app !== app)
    throw new ParleyError('unauthenticated', 'The token claims another app than the one its key belongs to.')
  const issuedAt = payload.iat === undefined ? undefined : payload.iat * 1000
  if (issuedAt !== undefined && issuedAt > now + clockSkewMs)
    throw new ParleyError(
      'unauthenticated',
      'The token was issued in the future. Compare the clocks of both machines.',
    )
  if ((payload.exp as number) * 1000 - (issuedAt ?? now) > maxLifetimeMs)
    throw new ParleyError(
      'unauthenticated',
      `The token lives too long: at most ${maxLifetimeMs / 1000} s are taken.`,
    )
}

function expired(at: number): ParleyError {
  const when = Number.isFinite(at) && Math.abs(at) < 8.64e15 ? ` at ${new Date(at).toISOString()}` : ''
  return new ParleyError(
    'token_expired',
    `The token expired${when}. Sign in again, or give the client a \`getToken\` callback.`,
  )
}
