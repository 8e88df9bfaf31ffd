import type { StateEntry } from '@parley/protocol'

/** Name of the keyed state by which a client of Pusher says who it is in a channel with members. */
export const memberState = 'pusher-member'

export interface Member {
  readonly id: string
  readonly info: unknown
}

interface Told {
  /** What a client of Pusher said, as its back end has signed it. */
  member?: Member
  /** The user of a session that came otherwise. */
  user?: Member
}

/** A user came to a channel, or left it, with all its connections. */
export interface MemberChange {
  readonly type: 'added' | 'removed'
  readonly member: Member
}

/**
 * Who is in a channel, by user, from the keyed state of its sessions: clients of Pusher by what they were let in as,
 * others by the user of their token.
 */
export class Members {
  readonly #sessions = new Map<string, Told>()
  readonly #keys = new Map<string, { readonly session: string; readonly part: keyof Told }>()
  readonly #users = new Map<string, { info: unknown; sessions: number }>()

  get size(): number {
    return this.#users.size
  }

  has(id: string): boolean {
    return this.#users.has(id)
  }

  list(): readonly Member[] {
    return [...this.#users].map(([id, { info }]) => ({ id, info }))
  }

  /** Takes a difference of the keyed state; answers what it means for users. */
  apply(set: readonly StateEntry[], removed: readonly string[]): readonly MemberChange[] {
    const before = new Map<string, Member | undefined>()
    for (const key of removed) {
      const place = this.#keys.get(key)
      if (place === undefined) continue
      this.#keys.delete(key)
      this.#tell(before, place, undefined)
    }
    for (const entry of set) {
      const place = placeOf(entry)
      if (place === undefined) continue
      this.#keys.set(entry.key, place)
      this.#tell(before, place, place.member)
    }
    return this.#settle(before)
  }

  /** Takes a whole new state in place of what is known. */
  replace(entries: readonly StateEntry[]): readonly MemberChange[] {
    const given = new Set(entries.map(({ key }) => key))
    return this.apply(
      entries,
      [...this.#keys.keys()].filter((key) => !given.has(key)),
    )
  }

  #tell(
    before: Map<string, Member | undefined>,
    { session, part }: { readonly session: string; readonly part: keyof Told },
    member: Member | undefined,
  ): void {
    const told = this.#sessions.get(session) ?? {}
    if (!before.has(session)) before.set(session, shownOf(told))
    if (member === undefined) delete told[part]
    else told[part] = member
    if (told.member === undefined && told.user === undefined) this.#sessions.delete(session)
    else this.#sessions.set(session, told)
  }

  /** Counts the sessions that show another user than before; a user who only changed sessions has not left. */
  #settle(before: ReadonlyMap<string, Member | undefined>): readonly MemberChange[] {
    const touched = new Map<string, boolean>()
    const gone = new Map<string, Member>()
    for (const [session, old] of before) {
      const now = shownOf(this.#sessions.get(session) ?? {})
      for (const member of [old, now])
        if (member !== undefined && !touched.has(member.id)) touched.set(member.id, this.has(member.id))
      if (old !== undefined) gone.set(old.id, old)
      if (now !== undefined) this.#enter(now)
      if (old !== undefined) this.#leave(old.id)
    }
    return [...touched].flatMap(([id, was]): MemberChange[] => {
      const user = this.#users.get(id)
      if ((user !== undefined) === was) return []
      if (user !== undefined) return [{ type: 'added', member: { id, info: user.info } }]
      return [{ type: 'removed', member: gone.get(id) as Member }]
    })
  }

  #enter({ id, info }: Member): void {
    const user = this.#users.get(id)
    if (user === undefined) this.#users.set(id, { info, sessions: 1 })
    else {
      user.sessions += 1
      user.info = info
    }
  }

  #leave(id: string): void {
    const user = this.#users.get(id)
    if (user === undefined) return
    user.sessions -= 1
    if (user.sessions === 0) this.#users.delete(id)
  }
}

function shownOf({ member, user }: Told): Member | undefined {
  return member ?? user
}

function placeOf({
  name,
  session,
  user,
  value,
}: StateEntry): { session: string; part: keyof Told; member: Member } | undefined {
  if (session === undefined) return undefined
  if (name === 'presence') {
    if (user === undefined) return undefined
    const { profile } = value as { readonly profile?: unknown }
    return { session, part: 'user', member: { id: user, info: profile ?? {} } }
  }
  // A session with a user of its own cannot say that it is somebody else.
  if (name !== memberState || user !== undefined) return undefined
  const { user_id: id, user_info: info } = value as Record<string, unknown>
  return typeof id === 'string' ? { session, part: 'member', member: { id, info } } : undefined
}
