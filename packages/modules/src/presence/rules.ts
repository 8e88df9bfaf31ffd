import {
  type Activity,
  type Availability,
  activities,
  type Choice,
  type Presence,
  type Profile,
  type Status,
} from './model.ts'

/** What counts when presence is derived; times are elapsed time. */
export interface Timing {
  /** How long a user stays present after the last connection broke. */
  readonly graceMs: number
  /** After so long without a frame from a device nobody is at it, unless its client says otherwise. */
  readonly idleAfterMs: number
}

/** A session, or a lease of somebody without one, as far as presence goes. */
export interface Attendance {
  readonly isConnected: boolean
  /** Until when it counts without a connection. */
  readonly until: number
  /** When something was last heard from it. */
  readonly activeAt: number
  readonly activity: Activity
  readonly where: string | undefined
  /** When activity and place were last told; among equals the latest counts. */
  readonly toldAt: number
}

/** What the devices of a user say together. */
export interface Together {
  readonly availability: 'online' | 'away'
  readonly activity: Activity
  readonly where: string | undefined
}

/** Whether an attendance still counts. */
export function counts({ isConnected, until }: Attendance, now: number): boolean {
  return isConnected || until > now
}

/** Whether nobody is at the device. */
export function isIdle(attendance: Attendance, now: number, { idleAfterMs }: Timing): boolean {
  return attendance.activity === 'idle' || now - attendance.activeAt >= idleAfterMs
}

/** Joins the devices of a user: the most available and the most active one counts. Undefined: there is none. */
export function joinDevices(
  attendances: Iterable<Attendance>,
  now: number,
  timing: Timing,
): Together | undefined {
  let most: Attendance | undefined
  let isOnline = false
  for (const attendance of attendances) {
    if (!counts(attendance, now)) continue
    isOnline ||= !isIdle(attendance, now, timing)
    if (most === undefined || isMore(attendance, most)) most = attendance
  }
  if (most === undefined) return undefined
  return { availability: isOnline ? 'online' : 'away', activity: most.activity, where: most.where }
}

function isMore(one: Attendance, other: Attendance): boolean {
  const difference = activities.indexOf(one.activity) - activities.indexOf(other.activity)
  return difference > 0 || (difference === 0 && one.toldAt > other.toldAt)
}

/** How a user appears whose devices say this, and who chose that. */
function appear(together: Together['availability'], chosen: Choice): Exclude<Availability, 'offline'> {
  return chosen === 'online' ? together : chosen
}

/** The status that holds at a time (ms since 1970). */
export function statusAt({ status }: Pick<Profile, 'status'>, time: number): Status | undefined {
  return status?.until !== undefined && status.until <= time ? undefined : status
}

/** The presence that others see. */
export function show(
  together: Together,
  profile: Profile,
  at: { readonly time: number; readonly since: number },
): Presence {
  const { activity, where } = together
  const status = statusAt(profile, at.time)
  return {
    availability: appear(together.availability, profile.availability),
    ...(activity === 'none' ? {} : { activity }),
    ...(where === undefined ? {} : { where }),
    ...(status === undefined ? {} : { status }),
    since: at.since,
  }
}

/** Whether somebody may be told of a user what the user lets `rule` see. */
export function isFor(
  rule: 'everyone' | 'contacts' | 'nobody',
  viewer: { readonly isSelf: boolean; readonly isContact: boolean },
): boolean {
  if (viewer.isSelf || rule === 'everyone') return true
  return rule === 'contacts' && viewer.isContact
}
