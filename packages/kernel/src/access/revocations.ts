import type { Identity } from '../ports/authenticator.ts'

/** What is revoked: one token, or all tokens of a user (or of everybody) issued before a time. */
export interface Revocation {
  readonly tokenId?: string
  readonly user?: string
  /** Milliseconds since 1970; default for a user: all. */
  readonly issuedBefore?: number
}

/** The revocations of all apps that still matter. Loaded before the first client, then kept by access changes. */
export class Revocations {
  readonly #tokens = new Set<string>()
  readonly #users = new Map<string, number>()
  readonly #apps = new Map<string, number>()

  add(app: string, revocation: Revocation): void {
    const before = revocation.issuedBefore ?? Number.POSITIVE_INFINITY
    if (revocation.tokenId !== undefined) this.#tokens.add(`${app}\n${revocation.tokenId}`)
    else if (revocation.user !== undefined) later(this.#users, `${app}\n${revocation.user}`, before)
    else if (revocation.issuedBefore !== undefined) later(this.#apps, app, before)
  }

  covers(identity: Identity): boolean {
    const { app, tokenId, user } = identity
    // A token that does not say when it was issued counts as old.
    const issuedAt = identity.issuedAt ?? 0
    if (tokenId !== undefined && this.#tokens.has(`${app}\n${tokenId}`)) return true
    // An app key has no time of issue: it is revoked by its id alone.
    if (identity.role === 'backend') return false
    if (user !== undefined && issuedAt < (this.#users.get(`${app}\n${user}`) ?? 0)) return true
    return issuedAt < (this.#apps.get(app) ?? 0)
  }
}

function later(map: Map<string, number>, key: string, time: number): void {
  map.set(key, Math.max(map.get(key) ?? 0, time))
}
