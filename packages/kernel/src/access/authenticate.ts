import { ParleyError } from '@parley/protocol'
import type { Authenticator, Credentials, Identity } from '../ports/authenticator.ts'
import type { Counter } from '../ports/metrics.ts'
import type { Revocations } from './revocations.ts'

export interface AuthenticateParts {
  readonly authenticator: Authenticator
  readonly apps: readonly string[]
  readonly revocations: Revocations
  /** By `result`. */
  readonly counter: Counter
}

/**
 * Looks credentials up, refuses what is revoked or of no app, and counts what became of it.
 *
 * @throws ParleyError `unauthenticated`, `token_expired`, `token_revoked`
 */
export async function authenticate(
  { authenticator, apps, revocations, counter }: AuthenticateParts,
  credentials: Credentials,
): Promise<Identity> {
  try {
    const identity = await authenticator.authenticate(credentials)
    checkIdentity(identity, apps)
    if (revocations.covers(identity)) throw new ParleyError('token_revoked')
    counter.add(1, { result: 'ok' })
    return identity
  } catch (error) {
    counter.add(1, { result: error instanceof ParleyError ? error.code : 'failed' })
    throw error
  }
}

/** @throws ParleyError `unauthenticated` when an identity has texts that could be taken for others */
function checkIdentity({ app, user }: Identity, apps: readonly string[]): void {
  if (!apps.includes(app))
    throw new ParleyError(
      'unauthenticated',
      'These credentials belong to an app that this server does not have.',
    )
  if (user !== undefined && !userPattern.test(user))
    throw new ParleyError(
      'unauthenticated',
      'The user of a token has 1 to 256 characters, none of them a control character.',
    )
}

const userPattern = /^\P{Cc}{1,256}$/u
