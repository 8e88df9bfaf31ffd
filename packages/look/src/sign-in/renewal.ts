import { type GetToken, ParleyError } from '@parley/client'
import { type Role, signInByName } from './ask-for-token.ts'
import type { Session, SessionStore } from './session.ts'

/** Where the client gets its tokens. Those of sign-in by name are renewed, others end when they end. */
export function tokenSource(store: SessionStore, role: Role = 'member'): GetToken {
  return async ({ reason }) => {
    const session = store.current()
    if (session === undefined) throw new ParleyError('unauthenticated', 'Nobody is signed in.')
    if (reason === 'connect' && !hasExpired(session)) return session.token
    if (!session.renewable) throw refusal(session)
    const renewed = await signInByName(session.name, role)
    store.renew(renewed)
    return renewed.token
  }
}

function hasExpired({ expiresAt }: Session): boolean {
  return expiresAt !== undefined && expiresAt <= Date.now()
}

function refusal(session: Session): ParleyError {
  if (!hasExpired(session))
    return new ParleyError('unauthenticated', 'The token is no longer good. Sign in again.')
  const time = new Date(session.expiresAt ?? 0).toLocaleTimeString([], { timeStyle: 'short' })
  return new ParleyError('unauthenticated', `The token expired at ${time}. Sign in again.`)
}
