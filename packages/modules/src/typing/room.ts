/** What a user does in a channel. */
export interface Doing {
  readonly activity: 'typing' | 'uploading' | 'recording'
  readonly thread?: number | string | undefined
}

/** What one device of a user does, and until when if nothing more is heard of it. */
interface Act extends Doing {
  readonly session: string
  until: number
}

/** A user who is typing, on however many devices. */
interface Typist {
  /** In ms since 1970. */
  readonly since: number
  /** In the order in which they began. */
  acts: Act[]
}

/** What an entry of a typist says. */
export interface Shown extends Doing {
  readonly since: number
}

/** Which of a user's acts are meant; what is absent is any. */
export interface Selection {
  readonly session?: string | undefined
  readonly thread?: Doing['thread']
  readonly activity?: Doing['activity'] | undefined
}

export interface Moment {
  /** In ms since 1970. */
  readonly now: number
  /** Elapsed time at which it ends without a repeat. */
  readonly until: number
}

/** Whether a user began or ended to type, began or ended one thing of several, or neither. */
type News = 'typist' | 'doing' | 'nothing'

/** Things that one user does at a time in one channel; the oldest makes room. */
const maxActs = 8

/** Who is typing in one channel. Pure: it knows neither time nor entries. */
export class Room {
  readonly #typists = new Map<string, Typist>()

  get size(): number {
    return this.#typists.size
  }

  /** A repeat is no news. */
  start(user: string, session: string, doing: Doing, { now, until }: Moment): News {
    const typist = this.#typists.get(user)
    const act: Act = { session, ...doing, until }
    if (typist === undefined) {
      this.#typists.set(user, { since: now, acts: [act] })
      return 'typist'
    }
    const same = typist.acts.find((other) => isMeant(other, act) && other.thread === act.thread)
    if (same !== undefined) {
      same.until = until
      return 'nothing'
    }
    typist.acts.push(act)
    if (typist.acts.length > maxActs) typist.acts.shift()
    return 'doing'
  }

  /** Ends those acts of a user that are meant. */
  stop(user: string, which: Selection): News {
    const typist = this.#typists.get(user)
    if (typist === undefined) return 'nothing'
    return this.#keep(user, typist, (act) => !isMeant(act, which))
  }

  /** Ends what has not been repeated in time. Answers what is no more, by user. */
  expire(elapsed: number): ReadonlyMap<string, 'typist' | 'doing'> {
    const ended = new Map<string, 'typist' | 'doing'>()
    for (const [user, typist] of this.#typists) {
      const news = this.#keep(user, typist, (act) => act.until > elapsed)
      if (news !== 'nothing') ended.set(user, news)
    }
    return ended
  }

  #keep(user: string, typist: Typist, isKept: (act: Act) => boolean): News {
    const kept = typist.acts.filter(isKept)
    if (kept.length === typist.acts.length) return 'nothing'
    typist.acts = kept
    if (kept.length > 0) return 'doing'
    this.#typists.delete(user)
    return 'typist'
  }

  users(): Iterable<string> {
    return this.#typists.keys()
  }

  /** What the entry of a user says: what they began last. */
  shown(user: string): Shown | undefined {
    const typist = this.#typists.get(user)
    const act = typist?.acts.at(-1)
    if (typist === undefined || act === undefined) return undefined
    const { activity, thread } = act
    return { activity, ...(thread === undefined ? {} : { thread }), since: typist.since }
  }
}

function isMeant(act: Act, { session, thread, activity }: Selection): boolean {
  return (
    (session === undefined || session === act.session) &&
    (thread === undefined || thread === act.thread) &&
    (activity === undefined || activity === act.activity)
  )
}
