import type { StateEntry } from '@parley/client'

/** Somebody who is in a channel, with however many windows. */
export interface Person {
  /** The user id; of somebody without one, the session. */
  readonly id: string
  readonly name: string
  readonly windows: number
  /** Since when, in ms since 1970: the earliest window. */
  readonly since: number | undefined
  readonly isMe: boolean
}

interface PresenceValue {
  readonly since?: unknown
  readonly profile?: { readonly name?: unknown }
}

/** Who is here, one entry a person; the reader first, then by name. */
export function peopleOf(presence: readonly StateEntry[], me: string | undefined): readonly Person[] {
  const people = new Map<string, Person>()
  for (const entry of presence) {
    const { user, session = entry.key } = entry
    const value = (entry.value ?? {}) as PresenceValue
    const since = typeof value.since === 'number' ? value.since : undefined
    const id = user ?? session
    const before = people.get(id)
    people.set(id, {
      id,
      name: nameIn(value) ?? before?.name ?? user ?? 'Guest',
      windows: (before?.windows ?? 0) + 1,
      since: earliest(before?.since, since),
      isMe: user !== undefined && user === me,
    })
  }
  return [...people.values()].sort((a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name))
}

function nameIn({ profile }: PresenceValue): string | undefined {
  return typeof profile?.name === 'string' && profile.name.trim() !== '' ? profile.name : undefined
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}
