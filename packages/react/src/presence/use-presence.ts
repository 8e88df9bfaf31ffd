'use client'

import { useMemo } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice } from '../views/use-slice.ts'
import type { Views } from '../views/views.ts'
import type { Watchable } from '../views/watchers.ts'
import { type ChannelPresence, channelPresenceView, nobodyHere } from './channel-presence-view.ts'
import { personView } from './person-view.ts'
import { offline, type Presence } from './presence.ts'

export interface PresenceState {
  /** Those who are asked for, or are in the channel; the same objects as before where nothing changed. */
  readonly people: readonly Presence[]
  /** How many are in the channel, or of those asked for are not offline. */
  readonly count: number
  /** `offline` for somebody of whom nothing is known. */
  of(user: string): Presence
}

/** Users that one hook follows; the others are shown as offline. */
const maxFollowed = 200

/**
 * Who is there.
 *
 * @param whom users, or a channel: those who are in it. Undefined: nobody.
 */
export function usePresence(whom: string | readonly string[] | undefined): PresenceState {
  const views = useViews()
  // Lists are usually written in place: the view is the same as long as they name the same.
  const key = JSON.stringify(whom ?? null)
  const view = useMemo(() => {
    const named = JSON.parse(key) as string | readonly string[] | null
    if (named === null) return undefined
    return typeof named === 'string' ? channelPresenceView(views, named) : peopleOf(views, named)
  }, [views, key])
  const { people, count } = useSlice(view, nobodyHere)
  return useMemo(() => {
    const byUser = new Map(people.map((presence) => [presence.user, presence]))
    return { people, count, of: (user) => byUser.get(user) ?? offline(user) }
  }, [people, count])
}

/** How one user is; renders again only when that changes. */
export function usePresenceOf(user: string | undefined): Presence | undefined {
  const { people } = usePresence(user === undefined ? undefined : [user])
  return people[0]
}

/** Several users as one view. */
function peopleOf(views: Views, users: readonly string[]): Watchable<ChannelPresence> {
  const persons = [...new Set(users)]
    .filter((user) => user !== '')
    .slice(0, maxFollowed)
    .map((user) => personView(views, user))
  let snapshot = nobodyHere
  return {
    get snapshot() {
      const people = persons.map((person) => person.snapshot)
      const isSame =
        people.length === snapshot.people.length &&
        people.every((person, index) => person === snapshot.people[index])
      if (!isSame)
        snapshot = { people, count: people.filter(({ availability }) => availability !== 'offline').length }
      return snapshot
    },
    watch(listener) {
      const stops = persons.map((person) => person.watch(listener))
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
