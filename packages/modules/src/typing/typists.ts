import type { Clock, ModuleServices, Timer } from '@parley/kernel'
import { Display } from './display.ts'
import { type Doing, Room, type Selection } from './room.ts'

export interface TypingLimits {
  /** Typists of a channel who are shown by name; more are only counted. */
  readonly maxNamed: number
  /** Above so many users in a channel, typists are only counted. */
  readonly maxMembers: number
  /** How long typing is shown without a repeat. */
  readonly timeoutMs: number
  /** What changes again within this time is shown at its end, for each channel at once. */
  readonly updateMs: number
  /** Starts of one user within `updateMs`; more are left out. */
  readonly maxStarts: number
  /** Typists of the node; more are left out. */
  readonly maxTypists: number
}

export const typingDefaults: TypingLimits = {
  maxNamed: 5,
  maxMembers: 100,
  timeoutMs: 6_000,
  updateMs: 500,
  maxStarts: 5,
  maxTypists: 20_000,
}

/** A user in a channel of an app. */
export interface Who {
  readonly app: string
  readonly channel: string
  readonly user: string
}

/** In `Place.passed`: everything the display shows. */
const wholeList = 'all'

interface Place {
  readonly key: string
  readonly app: string
  readonly room: Room
  readonly display: Display
  /** Users in the channel, as far as known. */
  members: number
  /** What the display shows is not what the room says. */
  isDirty: boolean
  /** Changes that went out at once since the last update: each does so one time. */
  readonly passed: Set<string>
}

/** Everybody who is typing on this node. One timer for all, which runs while there is anybody. */
export class Typists {
  readonly #clock: Clock
  readonly #state: ModuleServices['state']
  readonly #limits: TypingLimits
  readonly #places = new Map<string, Place>()
  /** Where a user is typing, by app and user. */
  readonly #placesOf = new Map<string, Set<Place>>()
  /** Starts of each user since the last update. */
  readonly #starts = new Map<string, number>()
  #typists = 0
  #timer: Timer | undefined

  constructor({ clock, state }: Pick<ModuleServices, 'clock' | 'state'>, limits: TypingLimits) {
    this.#clock = clock
    this.#state = state
    this.#limits = limits
  }

  /** @param members users in the channel at this time */
  start(who: Who, session: string, doing: Doing, members: number): void {
    const { maxStarts, maxTypists, timeoutMs } = this.#limits
    const user = userKey(who.app, who.user)
    const starts = (this.#starts.get(user) ?? 0) + 1
    if (starts > maxStarts || this.#typists >= maxTypists) return
    this.#starts.set(user, starts)
    const place = this.#placeOf(who)
    place.members = members
    const moment = { now: this.#clock.now(), until: this.#clock.elapsed() + timeoutMs }
    const news = place.room.start(who.user, session, doing, moment)
    this.#timer ??= this.#clock.after(this.#limits.updateMs, () => this.#turn())
    if (news === 'nothing') return
    if (news === 'typist') this.#entered(user, place)
    this.#show(place, who.user, news === 'typist' ? 'start' : undefined)
  }

  /** Does next to nothing when the user is not typing there. */
  stop({ app, channel, user }: Who, which: Selection = {}): void {
    const place = this.#places.get(placeKey(app, channel))
    if (place !== undefined) this.#stop(place, { app, user }, which)
  }

  /** A device is gone: nobody types on it any more. */
  gone(app: string, user: string, session: string): void {
    for (const place of this.#placesOf.get(userKey(app, user)) ?? [])
      this.#stop(place, { app, user }, { session })
  }

  /** Releases the timer. */
  close(): void {
    this.#timer?.cancel()
  }

  #stop(place: Place, { app, user }: Pick<Who, 'app' | 'user'>, which: Selection): void {
    const news = place.room.stop(user, which)
    if (news === 'nothing') return
    if (news === 'typist') this.#left(userKey(app, user), place)
    this.#show(place, user, news === 'typist' ? 'stop' : undefined)
  }

  #placeOf({ app, channel }: Who): Place {
    const key = placeKey(app, channel)
    let place = this.#places.get(key)
    if (place === undefined) {
      const display = new Display({
        set: (entry) => this.#state.set(app, { channel, name: 'typing', ...entry }),
        remove: (entry) => this.#state.remove(app, { channel, name: 'typing', ...entry }),
      })
      place = { key, app, room: new Room(), display, members: 0, isDirty: false, passed: new Set() }
      this.#places.set(key, place)
    }
    return place
  }

  #entered(user: string, place: Place): void {
    const places = this.#placesOf.get(user) ?? new Set()
    this.#placesOf.set(user, places.add(place))
    this.#typists += 1
  }

  #left(user: string, place: Place): void {
    const places = this.#placesOf.get(user)
    places?.delete(place)
    if (places?.size === 0) this.#placesOf.delete(user)
    this.#typists -= 1
  }

  /** A user's first start and first stop since the last update are shown at once, and so is the first new number. */
  #show(place: Place, user: string, edge: 'start' | 'stop' | undefined): void {
    const { display, passed, room } = place
    const counts = this.#counts(place)
    const isOneEntry = !counts && !display.isCounting
    const change = isOneEntry ? edge && `${edge} ${user}` : wholeList
    if (change === undefined || passed.has(change)) {
      place.isDirty = true
      return
    }
    passed.add(change)
    if (isOneEntry) display.one(room, user)
    else this.#update(place)
  }

  #counts({ room, members }: Place): boolean {
    const { maxNamed, maxMembers } = this.#limits
    return room.size > maxNamed || (room.size > 0 && members > maxMembers)
  }

  #update(place: Place): void {
    place.isDirty = false
    if (this.#counts(place)) place.display.count(place.room)
    else place.display.list(place.room)
  }

  #turn(): void {
    this.#timer = undefined
    this.#starts.clear()
    const now = this.#clock.elapsed()
    for (const place of this.#places.values()) {
      place.passed.clear()
      this.#expire(place, now)
      if (place.isDirty) {
        this.#update(place)
        place.passed.add(wholeList)
      }
      if (place.room.size === 0) this.#places.delete(place.key)
    }
    if (this.#places.size > 0) this.#timer = this.#clock.after(this.#limits.updateMs, () => this.#turn())
  }

  #expire(place: Place, now: number): void {
    const { app, room } = place
    for (const [user, news] of room.expire(now)) {
      place.isDirty = true
      if (news === 'typist') this.#left(userKey(app, user), place)
    }
  }
}

function placeKey(app: string, channel: string): string {
  return `${app}/${channel}`
}

function userKey(app: string, user: string): string {
  return `${app}/${user}`
}
