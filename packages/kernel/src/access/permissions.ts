import { type Action, type Filter, ParleyError, patternCovers } from '@parley/protocol'
import type { Kind } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Grant, Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'

interface Answer {
  readonly isAllowed: boolean
  readonly until: number
}

/**
 * Decides what an identity may do. The rule of the kind and the grants of the identity are looked at every time (they
 * are at hand); the answers of a kind's `authorize` are cached, and dropped by access changes.
 */
export class Permissions {
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #answers = new Map<string, Answer>()
  readonly #asking = new Map<string, Promise<boolean>>()
  /** Counts invalidations, so that an answer asked for before one is not kept after it. */
  #generation = 0

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock
    this.#limits = limits
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
    const refusal = this.#byRule(identity, action, channel, kind)
    if (refusal !== undefined || kind.authorize === undefined || identity.role === 'backend') return refusal
    const key = `${identity.app}\n${identity.user ?? ''}\n${action}\n${channel}`
    const known = this.#answers.get(key)
    if (known !== undefined && known.until > this.#clock.elapsed())
      return known.isAllowed ? undefined : forbidden(action, channel)
    const { authorize } = kind
    return this.#ask(key, () => authorize({ identity, action, channel }), forbidden(action, channel))
  }

  #byRule(identity: Identity, action: Action, channel: string, kind: Kind): ParleyError | undefined {
    const access = kind.access[action]
    if (access === 'anyone') return undefined
    if (access === 'user')
      return identity.user === undefined && identity.role !== 'backend'
        ? forbidden(action, channel)
        : undefined
    if (access === 'backend' && identity.role !== 'backend') return forbidden(action, channel)
    return grantFor(identity, action, channel) === undefined ? forbidden(action, channel) : undefined
  }

  /** Counts access changes. An answer from before one may no longer be true. */
  get generation(): number {
    return this.#generation
  }

  /** Checks an action on the app as a whole. */
  checkApp(identity: Identity, action: Action): ParleyError | undefined {
    const isGranted = identity.grants.some((grant) => grant.pattern === '*' && allows(grant, action))
    return isGranted ? undefined : forbidden(action, '*')
  }

  async #ask(
    key: string,
    question: () => Promise<boolean>,
    refusal: ParleyError,
  ): Promise<ParleyError | undefined> {
    const generation = this.#generation
    let asking = this.#asking.get(key)
    if (asking === undefined) {
      asking = question()
      this.#asking.set(key, asking)
    }
    try {
      const isAllowed = await asking
      if (generation === this.#generation) this.#remember(key, isAllowed)
      return isAllowed ? undefined : refusal
    } catch {
      // Fails closed: who cannot be asked has not said yes. Nor no: it is asked again next time.
      return refusal
    } finally {
      if (this.#asking.get(key) === asking) this.#asking.delete(key)
    }
  }

  #remember(key: string, isAllowed: boolean): void {
    if (this.#answers.size >= this.#limits.maxPermissionEntries)
      this.#answers.delete(this.#answers.keys().next().value as string)
    this.#answers.delete(key)
    this.#answers.set(key, { isAllowed, until: this.#clock.elapsed() + this.#limits.permissionTtlMs })
  }

  /** Forgets the cached answers of an app about a user, a channel, or both; without either, all. */
  forget(
    app: string,
    about: { readonly user?: string | undefined; readonly channel?: string | undefined },
  ): void {
    this.#generation += 1
    this.#asking.clear()
    for (const key of this.#answers.keys()) {
      const [keyApp, user, , channel] = key.split('\n')
      if (keyApp !== app) continue
      if (about.user !== undefined && about.user !== user) continue
      if (about.channel !== undefined && about.channel !== channel) continue
      this.#answers.delete(key)
    }
  }
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
