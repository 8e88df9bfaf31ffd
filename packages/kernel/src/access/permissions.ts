import { type Action, type Filter, ParleyError, patternCovers } from '@parley/protocol'
import type { Kind } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Grant, Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import { mayOperate } from './operator.ts'

/** Whose access to what. */
interface Subject {
  readonly app: string
  readonly user: string | undefined
  readonly channel: string
}

interface Answer extends Subject {
  readonly isAllowed: boolean
  readonly until: number
}

const actions: readonly Action[] = ['read', 'write', 'presence', 'manage']

/** Notices whether the access of a user to a channel was changed since one last looked. */
export interface Watch extends Subject {
  isChanged: boolean
}

/** Times that a question is asked anew because the access changed while it was open. */
const maxQuestions = 4

/**
 * Decides what an identity may do. The rule of the kind and the grants of the identity are looked at every time (they
 * are at hand); the answers of a kind's `authorize` are cached, and dropped by access changes. An answer that was asked
 * for before a change of the same access is not used after it.
 */
export class Permissions {
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #answers = new Map<string, Answer>()
  readonly #asking = new Map<string, Promise<ParleyError | undefined>>()
  readonly #watches = new Set<Watch>()
  readonly #isCaching: () => boolean

  constructor(clock: Clock, limits: Limits, isCaching: () => boolean = () => true) {
    this.#clock = clock
    this.#limits = limits
    this.#isCaching = isCaching
  }

  /**
   * Checks an action on a channel. Undefined means allowed, an error refused; a promise is given only when somebody
   * else has to be asked.
   */
  check(
    identity: Identity,
    action: Action,
    channel: string,
    kind: Kind,
  ): ParleyError | undefined | Promise<ParleyError | undefined> {
    const refusal = byRule(identity, action, channel, kind)
    if (refusal !== undefined || kind.authorize === undefined || identity.role === 'backend') return refusal
    const key = keyOf({ app: identity.app, user: identity.user, channel }, action)
    const known = this.#isCaching() ? this.#answers.get(key) : undefined
    if (known !== undefined && known.until > this.#clock.elapsed())
      return known.isAllowed ? undefined : forbidden(action, channel)
    const asking = this.#asking.get(key)
    if (asking !== undefined) return asking
    const { authorize } = kind
    const asked = this.#ask(key, { identity, action, channel }, authorize).finally(() => {
      if (this.#asking.get(key) === asked) this.#asking.delete(key)
    })
    this.#asking.set(key, asked)
    return asked
  }

  /** Checks an action on the app as a whole. */
  checkApp(identity: Identity, action: Action): ParleyError | undefined {
    const isGranted = identity.grants.some((grant) => grant.pattern === '*' && allows(grant, action))
    return isGranted ? undefined : forbidden(action, '*')
  }

  /** Checks whether an identity may look after the whole server. */
  checkOperator(identity: Identity): ParleyError | undefined {
    return mayOperate(identity) ? undefined : notOperator()
  }

  async #ask(
    key: string,
    request: { readonly identity: Identity; readonly action: Action; readonly channel: string },
    authorize: NonNullable<Kind['authorize']>,
  ): Promise<ParleyError | undefined> {
    const { identity, action, channel } = request
    const watch = this.watch(identity.app, identity.user, channel)
    try {
      for (let question = 0; question < maxQuestions; question++) {
        watch.isChanged = false
        const isAllowed = await authorize(request)
        if (watch.isChanged) continue
        this.#remember(key, watch, isAllowed)
        return isAllowed ? undefined : forbidden(action, channel)
      }
      return new ParleyError('conflict', `The access to ${channel} is being changed. Try again.`)
    } catch (error) {
      // Who cannot be asked has not said yes; but it has not said no for the next time either.
      if (error instanceof ParleyError) return error
      return new ParleyError('unavailable', `Nobody could say whether ${channel} may be used. Try again.`)
    } finally {
      this.unwatch(watch)
    }
  }

  #remember(key: string, { app, user, channel }: Subject, isAllowed: boolean): void {
    if (this.#answers.size >= this.#limits.maxPermissionEntries)
      this.#answers.delete(this.#answers.keys().next().value as string)
    this.#answers.delete(key)
    const until = this.#clock.elapsed() + this.#limits.permissionTtlMs
    this.#answers.set(key, { app, user, channel, isAllowed, until })
  }

  /** The watch lasts until {@link unwatch}. */
  watch(app: string, user: string | undefined, channel: string): Watch {
    const watch: Watch = { app, user, channel, isChanged: false }
    this.#watches.add(watch)
    return watch
  }

  unwatch(watch: Watch): void {
    this.#watches.delete(watch)
  }

  /** Forgets the cached answers of an app about a user, a channel, or both; without either, all. */
  forget(
    app: string,
    about: { readonly user?: string | undefined; readonly channel?: string | undefined },
  ): void {
    const concerns = (subject: Subject): boolean =>
      subject.app === app &&
      (about.user === undefined || about.user === subject.user) &&
      (about.channel === undefined || about.channel === subject.channel)
    for (const watch of this.#watches) if (concerns(watch)) watch.isChanged = true
    const { user, channel } = about
    // A kick is frequent, and looks for no other answers than its own.
    if (user !== undefined && channel !== undefined)
      for (const action of actions) this.#answers.delete(keyOf({ app, user, channel }, action))
    else for (const [key, answer] of this.#answers) if (concerns(answer)) this.#answers.delete(key)
  }
}

function keyOf({ app, user, channel }: Subject, action: Action): string {
  return `${app}\n${user ?? ''}\n${action}\n${channel}`
}

function byRule(identity: Identity, action: Action, channel: string, kind: Kind): ParleyError | undefined {
  const access = kind.access[action]
  const isBackend = identity.role === 'backend'
  if (access === 'anyone') return undefined
  if (access === 'operator') return mayOperate(identity) ? undefined : notOperator({ action, channel })
  if (access === 'user')
    return identity.user === undefined && !isBackend ? forbidden(action, channel) : undefined
  if (access === 'backend' && !isBackend) return forbidden(action, channel)
  return grantFor(identity, action, channel) === undefined ? forbidden(action, channel) : undefined
}

function allows(grant: Grant, action: Action): boolean {
  return grant.actions.includes(action) || grant.actions.includes('*')
}

function grantFor(identity: Identity, action: Action, channel: string): Grant | undefined {
  return identity.grants.find((grant) => patternCovers(grant.pattern, channel) && allows(grant, action))
}

/**
 * The filter that the server puts on what an identity reads from a channel: none when any grant reads without one,
 * else what any of its grants lets through.
 */
export function readFilter(identity: Identity, channel: string): Filter | undefined {
  const filters: Filter[] = []
  for (const grant of identity.grants) {
    if (!patternCovers(grant.pattern, channel) || !allows(grant, 'read')) continue
    if (grant.filter === undefined) return undefined
    filters.push(grant.filter)
  }
  return filters.length > 1 ? { any: filters } : filters[0]
}

function notOperator(details?: { readonly action: Action; readonly channel: string }): ParleyError {
  return new ParleyError(
    'forbidden',
    'This is for operators of the server. It needs a token of the app `default` with the capability {"*": ["manage"]}.',
    details === undefined ? {} : { details },
  )
}

function forbidden(action: Action, channel: string): ParleyError {
  const where = channel === '*' ? 'on the app' : `on ${channel}`
  return new ParleyError(
    'forbidden',
    `This identity may not ${action} ${where}. Its token needs the capability {"${channel}": ["${action}"]}.`,
    {
      details: { action, channel },
    },
  )
}
