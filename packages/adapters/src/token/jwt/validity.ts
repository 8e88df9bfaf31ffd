import { ParleyError } from '@parley/protocol'
import type { JWTPayload } from 'jose'

/** What a token must say to be good here and now. Times in ms. */
export interface ValidityRules {
  readonly now: number
  readonly clockSkewMs: number
  readonly maxLifetimeMs: number
  readonly audience: readonly string[] | undefined
  readonly issuer: readonly string[] | undefined
}

/**
 * Checks the registered claims (RFC 7519 §4.1): `exp` is required, `nbf`, `iat`, `aud` and `iss` where they are given or
 * asked for.
 *
 * @throws ParleyError `token_expired`, `unauthenticated`
 */
export function checkValidity(payload: JWTPayload, rules: ValidityRules): void {
  const { now, clockSkewMs } = rules
  const exp = timeOf(payload, 'exp')
  if (exp === undefined) throw unfit('exp', 'is missing')
  if (exp <= now - clockSkewMs) throw expired(exp)
  const nbf = timeOf(payload, 'nbf')
  if (nbf !== undefined && nbf > now + clockSkewMs) throw unfit('nbf')
  const iat = timeOf(payload, 'iat')
  if (iat !== undefined && iat > now + clockSkewMs)
    throw new ParleyError(
      'unauthenticated',
      'The token was issued in the future. Compare the clocks of both machines.',
    )
  if (exp - (iat ?? now) > rules.maxLifetimeMs)
    throw new ParleyError(
      'unauthenticated',
      `The token lives too long: at most ${rules.maxLifetimeMs / 1000} s are taken.`,
    )
  checkParties(payload, rules)
}

function checkParties({ aud, iss }: JWTPayload, { audience, issuer }: ValidityRules): void {
  if (issuer !== undefined) {
    if (iss === undefined) throw unfit('iss', 'is missing')
    if (!issuer.includes(iss)) throw unfit('iss')
  }
  if (audience !== undefined) {
    if (aud === undefined) throw unfit('aud', 'is missing')
    const named = Array.isArray(aud) ? aud : [aud]
    if (!named.some((name) => audience.includes(name))) throw unfit('aud')
  }
}

/** A NumericDate in ms. */
function timeOf(payload: JWTPayload, claim: 'exp' | 'nbf' | 'iat'): number | undefined {
  const seconds = payload[claim]
  if (seconds === undefined) return undefined
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw unfit(claim)
  return seconds * 1000
}

/** The error for a token that was good until `at`. */
export function expired(at: number): ParleyError {
  const when = Number.isFinite(at) && Math.abs(at) < 8.64e15 ? ` at ${new Date(at).toISOString()}` : ''
  return new ParleyError(
    'token_expired',
    `The token expired${when}. Sign in again, or give the client a \`getToken\` callback.`,
  )
}

function unfit(claim: string, what = 'does not fit this server'): ParleyError {
  return new ParleyError('unauthenticated', `The claim \`${claim}\` of the token ${what}.`)
}
