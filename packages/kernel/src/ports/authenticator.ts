import type { Action, Filter } from '@parley/protocol'

/** One line of a capability map: what may be done on the channels that a pattern covers. */
export interface Grant {
  readonly pattern: string
  readonly actions: readonly (Action | '*')[]
  /** A filter that the server adds to every subscription and history under this grant. */
  readonly filter?: Filter
}

/** Who is calling. Made by an authenticator only. */
export interface Identity {
  readonly app: string
  /** Absent for back ends. */
  readonly user?: string
  /** `backend`: an app key. `user`: a token. */
  readonly role: 'user' | 'backend'
  readonly grants: readonly Grant[]
  readonly tokenId?: string
  /** Milliseconds since 1970. */
  readonly issuedAt?: number
  readonly expiresAt?: number
  /** Public facts about the user that others may see with their presence (a name, a picture). */
  readonly profile?: Readonly<Record<string, string>>
}

export interface Credentials {
  /** A token (JWT) or `keyId:secret`, as given. */
  readonly token: string
  readonly kind: 'bearer' | 'key'
}

/** Turns credentials into an identity. */
export interface Authenticator {
  /** @throws ParleyError `unauthenticated`, `token_expired`, `token_revoked` */
  authenticate(credentials: Credentials): Promise<Identity>
}
