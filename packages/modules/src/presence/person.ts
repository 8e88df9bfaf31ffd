import type { SessionFacts, Timer } from '@parley/kernel'
import type { DeviceInfo } from '@parley/protocol'
import type { Activity, Availability, Device, Presence, Profile } from './model.ts'
import {
  type Attendance,
  counts,
  isFor,
  isIdle,
  joinDevices,
  show,
  statusAt,
  type Timing,
  type Together,
} from './rules.ts'

/** A session of a user, or a lease of somebody without one. */
export class Place implements Attendance {
  readonly device: Device
  readonly since: number
  isConnected: boolean
  until: number
  activity: Activity = 'none'
  where: string | undefined
  toldAt: number
  readonly #session: SessionFacts | undefined

  constructor(parts: {
    readonly device: Device
    readonly session: SessionFacts | undefined
    readonly until: number
    readonly time: number
    readonly now: number
  }) {
    this.device = parts.device
    this.#session = parts.session
    this.isConnected = parts.session !== undefined
    this.until = parts.until
    this.since = parts.time
    this.toldAt = parts.now
  }

  get activeAt(): number {
    return Math.max(this.#session?.activeAt ?? this.toldAt, this.toldAt)
  }
}

/** The device of a session: without a word from its client, each session is a device of its own. */
export function deviceOf(session: string, info: DeviceInfo | undefined): Device {
  if (info === undefined) return { device: session }
  const { id, name, kind } = info
  return {
    device: id,
    ...(name === undefined ? {} : { name }),
    ...(kind === undefined ? {} : { kind }),
  }
}

/** What a node knows of a user who is present, or was a moment ago. */
export class Person {
  readonly app: string
  readonly user: string
  /** By session; those that no longer count are taken away by the directory. */
  readonly places = new Map<string, Place>()
  /** Undefined until it was read: nobody is shown before it is known whether they want to be. */
  profile: Profile | undefined
  /** Own contacts, where only they may see the presence. */
  contacts: ReadonlySet<string> | undefined
  loading: Promise<void> | undefined
  /** What the node before said, and until when (elapsed) that is believed. */
  before: { readonly together: Together; readonly until: number } | undefined
  /** What others see; undefined: offline. */
  shown: Presence | undefined
  shownText = ''
  /** Elapsed time at which others were last told. */
  toldAt = Number.NEGATIVE_INFINITY
  /** What was last given to the journal, and since when (time) it holds. */
  availability: Availability = 'offline'
  since = 0
  /** Time at which the last connection went. */
  leftAt: number | undefined
  timer: Timer | undefined

  constructor(app: string, user: string) {
    this.app = app
    this.user = user
  }

  /** What the devices say, or what was said of them before the node was started. */
  together(now: number, timing: Timing): Together | undefined {
    const together = joinDevices(this.places.values(), now, timing)
    if (together !== undefined || this.before === undefined) return together
    return this.before.until > now ? this.before.together : undefined
  }

  /** The presence as it is, whoever may see it; undefined: offline. */
  presence(now: number, time: number, timing: Timing): Presence | undefined {
    const together = this.together(now, timing)
    if (together === undefined || this.profile === undefined) return undefined
    const presence = show(together, this.profile, { time, since: this.since })
    return presence.availability === this.availability ? presence : { ...presence, since: time }
  }

  /** Whether a user may see the presence. */
  isVisibleTo(viewer: string): boolean {
    if (this.profile === undefined) return false
    const isContact = this.contacts?.has(viewer) === true
    return isFor(this.profile.visibility, { isSelf: viewer === this.user, isContact })
  }

  /** Elapsed time at which something changes by itself; undefined: never. */
  nextChange(now: number, time: number, timing: Timing): number | undefined {
    const times: number[] = []
    if (this.before !== undefined && this.before.until > now) times.push(this.before.until)
    const until = this.profile === undefined ? undefined : statusAt(this.profile, time)?.until
    if (until !== undefined) times.push(now + until - time)
    for (const place of this.places.values()) times.push(nextChangeOf(place, now, timing))
    const next = Math.min(...times)
    return next < Number.POSITIVE_INFINITY ? next : undefined
  }
}

/** How often it is looked whether somebody is back at a device whose client says nothing. */
const lookMs = 10_000

function nextChangeOf(place: Place, now: number, timing: Timing): number {
  if (!place.isConnected) return counts(place, now) ? place.until : now
  if (place.activity === 'idle') return Number.POSITIVE_INFINITY
  return isIdle(place, now, timing) ? now + lookMs : place.activeAt + timing.idleAfterMs
}
