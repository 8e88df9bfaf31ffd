import { ParleyError } from '@parley/client'
import type { Session } from './session.ts'

interface Answer {
  readonly token?: unknown
  readonly user?: unknown
  readonly expiresAt?: unknown
  readonly profile?: { readonly name?: unknown }
  readonly code?: unknown
  readonly message?: unknown
  readonly retryable?: unknown
}

/** As what one signs in by name: an operator looks after the server. */
export type Role = 'member' | 'operator'

/**
 * A session by no more than a name. Development servers only.
 *
 * @throws ParleyError `disabled` elsewhere; `unavailable` when the server cannot be reached
 */
export async function signInByName(name: string, role: Role = 'member'): Promise<Session> {
  const { token, user, expiresAt } = await ask('/api/auth/sign-in', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(role === 'member' ? { name } : { name, role }),
  })
  if (typeof token !== 'string' || typeof user !== 'string') throw new ParleyError('internal')
  return { token, user, name, renewable: true, ...moment(expiresAt) }
}

/**
 * The session of a token that somebody else has signed.
 *
 * @throws ParleyError `unauthenticated`, `token_expired`, `token_revoked`, `unavailable`
 */
export async function signInByToken(token: string): Promise<Session> {
  // What a header cannot carry is no token, and browsers say so in words that help nobody.
  if (!/^[!-~]+$/.test(token))
    throw new ParleyError(
      'unauthenticated',
      'A token has no spaces and no special characters. Paste it whole.',
    )
  const { user, expiresAt, profile } = await ask('/api/auth/whoami', {
    headers: { authorization: `Bearer ${token}` },
  })
  const name = typeof profile?.name === 'string' ? profile.name : typeof user === 'string' ? user : 'Back end'
  return {
    token,
    name,
    renewable: false,
    ...(typeof user === 'string' ? { user } : {}),
    ...moment(expiresAt),
  }
}

const moment = (expiresAt: unknown) => (typeof expiresAt === 'number' ? { expiresAt } : {})

const patienceMs = 15_000

async function ask(path: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(path, { ...request, signal: AbortSignal.timeout(patienceMs) }).catch(
    (cause: unknown) => {
      throw new ParleyError(
        'unavailable',
        'The server does not answer. Check that it runs, then try again.',
        { cause },
      )
    },
  )
  const body = (await response.json().catch(() => ({}))) as Answer
  if (response.ok) return body
  if (typeof body.code !== 'string' || typeof body.message !== 'string')
    throw new ParleyError('unavailable', `The server answered with status ${response.status}. Try again.`)
  throw ParleyError.from({
    code: body.code as ParleyError['code'],
    message: body.message,
    retryable: body.retryable === true,
  })
}
