import { type ConnectFrame, ParleyError } from '@parley/protocol'
import { equalSecrets } from '../access/equal-secrets.ts'
import type { Permissions } from '../access/permissions.ts'
import type { Revocations } from '../access/revocations.ts'
import type { Member } from '../channels/member.ts'
import type { AccessChange, SessionSummary } from '../context.ts'
import { SessionIndex } from '../inspection/session-index.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Link } from './link.ts'
import { Session } from './session.ts'
import type { SessionFeed } from './session-feed.ts'
import type { SessionEnd } from './session-listener.ts'
import type { SessionServices } from './session-services.ts'

/** What the sessions of a node need to know to act on access changes. */
export interface SessionsParts {
  readonly permissions: Permissions
  readonly revocations: Revocations
  /** Whether sessions wait for their clients to come back. Who comes back without takes up where it stands in its channels. */
  readonly outliveConnections: () => boolean
  /** Subscribes a session on behalf of a back end, and tells it. */
  readonly subscribe: (session: Session, channel: string) => void
  readonly feed: SessionFeed
}

/** The sessions of a node: found by id and by user, kept for a while without a connection, changed by access changes. */
export class Sessions {
  readonly #services: SessionServices
  readonly #parts: SessionsParts
  /** In the order in which they began. */
  readonly index = new SessionIndex()
  readonly #byId = new Map<string, Session>()
  readonly #byUser = new Map<string, Set<Session>>()

  constructor(services: Omit<SessionServices, 'expired'>, parts: SessionsParts) {
    this.#services = { ...services, expired: (session) => this.#end(session, 'expired') }
    this.#parts = parts
  }

  get size(): number {
    return this.#byId.size
  }

  /** Users who have a session. */
  get userCount(): number {
    return this.#byUser.size
  }

  all(): Iterable<Session> {
    return this.#byId.values()
  }

  find(id: string): Session | undefined {
    return this.#byId.get(id)
  }

  /** Users who have a session, with their sessions, in no order. */
  *users(): Generator<{ readonly app: string; readonly user: string; readonly sessions: Set<Session> }> {
    for (const [key, sessions] of this.#byUser) {
      const end = key.indexOf('\n')
      yield { app: key.slice(0, end), user: key.slice(end + 1), sessions }
    }
  }

  /**
   * The session that a connect frame asks to resume, if it may, else a new one.
   *
   * @throws ParleyError `token_revoked` when it was revoked since it was looked at
   */
  open(
    link: Link,
    identity: Identity,
    frame: ConnectFrame,
  ): { readonly session: Session; readonly resumed: boolean } {
    this.#refuseRevoked(identity)
    const old = frame.resume === undefined ? undefined : this.#resumable(frame.resume, identity)
    if (old !== undefined) {
      const late = old.link
      if (late !== undefined) {
        old.detach()
        this.#parts.feed.disconnected(old)
        late.close('replaced')
      }
      old.identity = identity
      old.attach(link)
      this.#parts.feed.resumed(old)
      return { session: old, resumed: true }
    }
    const { client } = frame
    const session = new Session(this.#services, { identity, transport: link.handshake.transport, client })
    this.#byId.set(session.id, session)
    session.sequence = this.index.add(session)
    if (identity.user !== undefined) this.#usersSessions(identity.app, identity.user, true)?.add(session)
    session.attach(link)
    this.#parts.feed.connected(session)
    return { session, resumed: false }
  }

  /**
   * Puts a new identity of the same app and user in place of the session's, and ends what it does not allow.
   *
   * @throws ParleyError `forbidden`, `token_revoked`; then the old one stays in force
   */
  async refresh(session: Session, identity: Identity): Promise<void> {
    if (identity.app !== session.identity.app || identity.user !== session.identity.user)
      throw new ParleyError(
        'forbidden',
        'A refreshed token must be of the same app and user. Connect anew to change them.',
      )
    this.#refuseRevoked(identity)
    session.identity = identity
    session.link?.refreshed()
    await this.#recheck(session)
  }

  #refuseRevoked(identity: Identity): void {
    if (this.#parts.revocations.covers(identity)) throw new ParleyError('token_revoked')
  }

  #resumable(
    resume: { readonly session: string; readonly secret: string },
    identity: Identity,
  ): Session | undefined {
    const session = this.#byId.get(resume.session)
    if (session === undefined || !equalSecrets(session.secret, resume.secret)) return undefined
    return session.app === identity.app && session.identity.user === identity.user ? session : undefined
  }

  /**
   * The link is gone; `hasLeft`: the client said that it will not come back. A link that was replaced does not touch
   * its session.
   */
  unlink(link: Link, hasLeft: boolean): void {
    const { session } = link
    if (session === undefined || session.link !== link) return
    session.detach()
    this.#parts.feed.disconnected(session)
    if (hasLeft) this.#end(session, 'left')
    else if (!this.#parts.outliveConnections()) this.#end(session, 'expired')
  }

  #end(session: Session, reason: SessionEnd): void {
    if (!this.#byId.delete(session.id)) return
    this.index.remove(session.sequence)
    session.end()
    const { app, user } = session.identity
    if (user !== undefined) {
      const sessions = this.#usersSessions(app, user)
      sessions?.delete(session)
      if (sessions?.size === 0) this.#byUser.delete(`${app}\n${user}`)
    }
    this.#parts.feed.ended(session, reason)
  }

  #usersSessions(app: string, user: string, make = false): Set<Session> | undefined {
    const key = `${app}\n${user}`
    let sessions = this.#byUser.get(key)
    if (sessions === undefined && make) {
      sessions = new Set()
      this.#byUser.set(key, sessions)
    }
    return sessions
  }

  of(app: string, user: string): readonly Session[] {
    return [...(this.#usersSessions(app, user) ?? [])]
  }

  summaries(app: string, user: string): readonly SessionSummary[] {
    return this.of(app, user).map((session) => session.summary())
  }

  /** Applies an access change to the sessions of this node. */
  apply(app: string, change: AccessChange): void {
    switch (change.type) {
      case 'subscribe':
        for (const session of this.of(app, change.user)) {
          session.invitations.add(change.channel)
          this.#parts.subscribe(session, change.channel)
        }
        break
      case 'unsubscribe':
        this.#parts.permissions.forget(app, change)
        for (const session of this.of(app, change.user)) this.#leave(session, change.channel, change.reason)
        break
      case 'disconnect':
        this.#disconnect(app, change)
        break
      case 'revoke':
        this.#parts.revocations.add(app, change)
        this.#closeRevoked(app)
        break
      case 'permissions':
        this.#parts.permissions.forget(app, change)
        for (const session of this.#concerned(app, change)) void this.#recheck(session)
        break
      case 'flag':
        break
    }
  }

  #leave(session: Session, channel: string, reason: string): void {
    session.invitations.delete(channel)
    const message = reason === '' ? 'This subscription was ended by the application.' : reason
    session.expel(channel, { code: 'forbidden', message, resubscribe: false })
  }

  #disconnect(app: string, change: Disconnect): void {
    const bySession = change.session === undefined ? undefined : this.#byId.get(change.session)
    const sessions = change.user === undefined ? [bySession] : this.of(app, change.user)
    for (const session of sessions) {
      if (session === undefined || session.app !== app) continue
      if (change.session !== undefined && session.id !== change.session) continue
      endLink(session.link, change)
      this.#end(session, change.reconnect ? 'reconnect' : 'disconnected')
    }
  }

  #closeRevoked(app: string): void {
    for (const session of [...this.#byId.values()]) {
      if (session.app !== app || !this.#parts.revocations.covers(session.identity)) continue
      session.link?.close('token_revoked')
      this.#end(session, 'revoked')
    }
  }

  #concerned(app: string, change: { readonly user?: string; readonly channel?: string }): readonly Session[] {
    const sessions = change.user === undefined ? [...this.#byId.values()] : this.of(app, change.user)
    return sessions.filter(
      (session) =>
        session.app === app && (change.channel === undefined || session.members.has(change.channel)),
    )
  }

  /** Ends the subscriptions that the session's identity does not allow (any more). */
  async #recheck(session: Session): Promise<void> {
    const { permissions } = this.#parts
    const asked: Promise<void>[] = []
    for (const member of [...session.members.values()]) {
      const { name, kind } = member.channel
      const refusal = permissions.check(session.identity, 'read', name, kind)
      if (refusal instanceof Promise) {
        session.hold(member)
        asked.push(refusal.then((answer) => judge(session, member, answer)))
      } else if (refusal !== undefined) judge(session, member, refusal)
    }
    await Promise.all(asked)
  }
}

type Disconnect = Extract<AccessChange, { type: 'disconnect' }>

function endLink(link: Link | undefined, { reason, reconnect }: Disconnect): void {
  if (reconnect) {
    // Who is to come back is told nothing that says stop.
    link?.close('replaced')
    return
  }
  const error = new ParleyError('forbidden', reason === '' ? 'Disconnected by the application.' : reason)
  link?.reply(JSON.stringify({ op: 'error', error: error.toBody() }))
  link?.close('disconnected_by_server')
}

/** Ends a subscription that is not allowed, and lets one go on that was held. */
function judge(session: Session, member: Member, refusal: ParleyError | undefined): void {
  if (refusal === undefined) session.release(member)
  else session.drop(member, { code: refusal.code, message: refusal.message, resubscribe: refusal.retryable })
}
