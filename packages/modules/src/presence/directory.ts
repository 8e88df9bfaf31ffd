import type { Clock, ModuleServices, SessionEnd, SessionFacts, SessionListener } from '@parley/kernel'
import type { Journal } from './journal.ts'
import type { Activity, Device, Presence, Profile } from './model.ts'
import { deviceOf, Person, Place } from './person.ts'
import { counts, type Timing } from './rules.ts'
import type { PresentMark } from './store.ts'
import { devicesOf, inApp, type Watchers } from './watchers.ts'

/** What is known of a user who is to be shown. */
export interface Known {
  readonly profile: Profile
  /** Read only where contacts alone may see the presence. */
  readonly contacts: ReadonlySet<string> | undefined
}

export interface DirectoryParts {
  readonly services: ModuleServices
  readonly timing: Timing
  readonly watchers: Watchers
  readonly journal: Journal
  /** Whether a user may have presence: their name must fit into the name of a channel. */
  readonly isUser: (user: string) => boolean
  readonly read: (app: string, user: string) => Promise<Known>
}

/** What a session, or somebody without one, says it does. */
export interface Report {
  readonly activity?: Activity | undefined
  readonly where?: string | null | undefined
  /** Without a session: how long that holds. */
  readonly leaseMs: number
}

/** Between two changes of one user that are told, unless they come or go. */
const gapMs = 100
const retryMs = 1_000
/** Timers reach so far at most; then they are set anew. */
const longestMs = 3_600_000
const lease = 'lease'

/**
 * The users who are present on this node: follows their sessions, joins what their devices say, and tells watchers and
 * journal of every change once.
 */
export class Directory implements SessionListener {
  readonly #parts: DirectoryParts
  readonly #clock: Clock
  readonly #people = new Map<string, Person>()
  #isStopped = false

  constructor(parts: DirectoryParts) {
    this.#parts = parts
    this.#clock = parts.services.clock
  }

  // ——— facts about sessions

  connected(session: SessionFacts): void {
    const { app, user, since } = session
    if (user === undefined || !this.#parts.isUser(user)) return
    const person = this.#personOf(app, user)
    person.before = undefined
    const device = deviceOf(session.session, session.device)
    const times = { time: since, now: this.#clock.elapsed() }
    this.#arrive(person, session.session, new Place({ device, session, until: 0, ...times }))
    this.#refresh(person)
  }

  resumed(session: SessionFacts): void {
    const place = this.#find(session)?.places.get(session.session)
    if (place === undefined) this.connected(session)
    else place.isConnected = true
  }

  disconnected(session: SessionFacts): void {
    const person = this.#find(session)
    const place = person?.places.get(session.session)
    if (person === undefined || place === undefined) return
    place.isConnected = false
    place.until = this.#clock.elapsed() + this.#parts.timing.graceMs
    person.leftAt = this.#clock.now()
    this.#refresh(person)
  }

  ended(session: SessionFacts, reason: SessionEnd): void {
    // Whoever went without a word, or was sent to come back, has the grace.
    if (reason === 'expired' || reason === 'reconnect') return
    const person = this.#find(session)
    const place = person?.places.get(session.session)
    if (person === undefined || place === undefined) return
    place.until = this.#clock.elapsed()
    this.#refresh(person)
  }

  // ——— what users say

  /** Takes what a session does, or somebody without one for a while. */
  report(app: string, user: string, session: string | undefined, report: Report): void {
    const person = this.#personOf(app, user)
    const now = this.#clock.elapsed()
    let place = session === undefined ? undefined : person.places.get(session)
    place ??= person.places.get(lease)
    if (place === undefined) {
      place = new Place({
        device: { device: lease },
        session: undefined,
        until: 0,
        time: this.#clock.now(),
        now,
      })
      person.places.set(lease, place)
    }
    if (place === person.places.get(lease)) {
      place.until = now + report.leaseMs
      person.leftAt = this.#clock.now() + report.leaseMs
    }
    place.activity = report.activity ?? place.activity
    place.where = report.where === undefined ? place.where : (report.where ?? undefined)
    place.toldAt = now
    this.#refresh(person)
  }

  /** A profile was stored. `isForOthers`: who may see the user has changed too. */
  changed(app: string, user: string, known: Known, isForOthers: boolean): void {
    const person = this.#people.get(inApp(app, user))
    if (person?.profile === undefined) return
    person.profile = known.profile
    person.contacts = known.contacts
    this.#refresh(person)
    if (isForOthers) this.#parts.watchers.tell(person)
  }

  // ——— what others ask

  find(app: string, user: string): Person | undefined {
    return this.#people.get(inApp(app, user))
  }

  /** The user if present, with everything known that decides who sees them. */
  async ready(app: string, user: string): Promise<Person | undefined> {
    const person = this.find(app, user)
    if (person !== undefined && person.profile === undefined) await this.#load(person)
    return this.find(app, user)
  }

  /** The presence as it is, for the user alone; undefined: offline. */
  presence(person: Person): Presence | undefined {
    return person.presence(this.#clock.elapsed(), this.#clock.now(), this.#parts.timing)
  }

  isAnybodyHere(app: string): boolean {
    for (const person of this.#people.values()) if (person.app === app) return true
    return false
  }

  /** Takes those for present who were when the node before ended, until they are back or `graceMs` is over. */
  believe(app: string, present: readonly PresentMark[], aliveAt: number, graceMs: number): void {
    const until = this.#clock.elapsed() + graceMs
    for (const { user, availability, since } of present) {
      const person = this.#personOf(app, user)
      const together = { activity: 'none', where: undefined } as const
      person.before = {
        together: { ...together, availability: availability === 'away' ? 'away' : 'online' },
        until,
      }
      person.availability = availability
      person.since = since
      person.leftAt = Math.max(aliveAt, since)
      this.#refresh(person)
    }
  }

  stop(): void {
    this.#isStopped = true
    for (const person of this.#people.values()) person.timer?.cancel()
    this.#people.clear()
  }

  // ——— within

  #find({ app, user }: SessionFacts): Person | undefined {
    return user === undefined ? undefined : this.find(app, user)
  }

  #personOf(app: string, user: string): Person {
    const key = inApp(app, user)
    let person = this.#people.get(key)
    if (person === undefined) {
      person = new Person(app, user)
      this.#people.set(key, person)
    }
    return person
  }

  #arrive(person: Person, session: string, place: Place): void {
    const isNew = !hasDevice(person, place.device)
    person.places.set(session, place)
    if (isNew) this.#tellDevice(person, 'device.connected', place.device)
  }

  /** Brings what others see of somebody up to date, and looks again when something changes by itself. */
  #refresh(person: Person): void {
    if (this.#isStopped) return
    const now = this.#clock.elapsed()
    person.timer?.cancel()
    person.timer = undefined
    this.#dropPlaces(person, now)
    if (person.profile === undefined) {
      if (person.places.size > 0 || !isBelieved(person, now)) void this.#load(person)
      else this.#lookAt(person, now, person.before?.until)
      return
    }
    const toldLater = this.#show(person, now)
    const next = person.nextChange(now, this.#clock.now(), this.#parts.timing)
    if (person.places.size === 0 && !isBelieved(person, now))
      this.#people.delete(inApp(person.app, person.user))
    else this.#lookAt(person, now, earlier(next, toldLater))
  }

  #dropPlaces(person: Person, now: number): void {
    for (const [session, place] of person.places) {
      if (counts(place, now)) continue
      person.places.delete(session)
      if (session !== lease && !hasDevice(person, place.device))
        this.#tellDevice(person, 'device.disconnected', place.device)
    }
  }

  /** Tells of a change; answers when it has to wait because there was one a moment ago. */
  #show(person: Person, now: number): number | undefined {
    const presence = this.presence(person)
    const shown = person.profile?.invisible === true ? undefined : presence
    const text = shown === undefined ? '' : JSON.stringify(shown)
    const availability = shown?.availability ?? 'offline'
    if (text === person.shownText && availability === person.availability) return undefined
    const comesOrGoes = (shown === undefined) !== (person.shown === undefined)
    if (!comesOrGoes && now - person.toldAt < gapMs) return person.toldAt + gapMs
    person.shown = shown
    person.shownText = text
    person.toldAt = now
    this.#note(person, availability)
    this.#parts.watchers.tell(person)
    return undefined
  }

  #note(person: Person, availability: Person['availability']): void {
    if (availability === person.availability) return
    const { app, user, profile, leftAt } = person
    const now = this.#clock.now()
    const isGone =
      availability === 'offline' && person.together(this.#clock.elapsed(), this.#parts.timing) === undefined
    const at = isGone ? Math.min(leftAt ?? now, now) : now
    person.availability = availability
    person.since = person.shown?.since ?? at
    this.#parts.journal.note(app, { user, availability, at }, profile?.history === true)
  }

  #lookAt(person: Person, now: number, at: number | undefined): void {
    if (at === undefined || this.#isStopped) return
    const delayMs = Math.min(Math.max(at - now, 1), longestMs)
    person.timer = this.#clock.after(delayMs, () => this.#refresh(person))
  }

  #load(person: Person): Promise<void> {
    person.loading ??= this.#read(person).finally(() => {
      person.loading = undefined
    })
    return person.loading
  }

  async #read(person: Person): Promise<void> {
    const { app, user } = person
    try {
      const known = await this.#parts.read(app, user)
      person.profile ??= known.profile
      person.contacts ??= known.contacts
      this.#refresh(person)
    } catch (error) {
      if (this.#isStopped) return
      const fields = { app, user, error: String(error) }
      this.#parts.services.log.warn(
        'A profile could not be read; its user is not shown until it can.',
        fields,
      )
      person.timer?.cancel()
      person.timer = this.#clock.after(retryMs, () => this.#refresh(person))
    }
  }

  #tellDevice({ app, user }: Person, type: string, device: Device): void {
    const channel = devicesOf(user)
    const { services, watchers } = this.#parts
    if (!watchers.isWatched(app, channel)) return
    // By nobody: it is the server that tells.
    services
      .run(app, (ctx) => void ctx.append({ channel, type, data: device }))
      .catch((error: unknown) => {
        if (!this.#isStopped)
          services.log.warn('A device was not told of.', { app, user, error: String(error) })
      })
  }
}

function hasDevice(person: Person, { device }: Device): boolean {
  for (const place of person.places.values()) if (place.device.device === device) return true
  return false
}

function isBelieved({ before }: Person, now: number): boolean {
  return before !== undefined && before.until > now
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}
