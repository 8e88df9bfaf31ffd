import type { ModuleServices } from '@parley/kernel'
import { contactsKind, devicesKind, type Presence, presenceState } from './model.ts'

/** Somebody whose presence is shown. */
export interface Shown {
  readonly app: string
  readonly user: string
  /** Undefined: offline. */
  readonly shown: Presence | undefined
  isVisibleTo(viewer: string): boolean
}

/** The id of a channel: what stands behind its kind. */
export function idOf(channel: string): string {
  return channel.slice(channel.indexOf(':') + 1)
}

/** Joins an app and a name of it: apps have no line feed. */
export function inApp(app: string, name: string): string {
  return `${app}\n${name}`
}

/**
 * The channels with subscribers that show somebody's presence. Keyed state is kept in these alone, so that a change
 * costs as much as there are people who look.
 */
export class Watchers {
  readonly #state: ModuleServices['state']
  /** By user: the channels that show them. */
  readonly #channelsOf = new Map<string, Set<string>>()
  /** By channel: the users it shows. */
  readonly #usersIn = new Map<string, Set<string>>()

  constructor(state: ModuleServices['state']) {
    this.#state = state
  }

  /** Has a channel show users from now on; `shown` are those of them who are present. */
  watch(app: string, channel: string, users: Iterable<string>, shown: Iterable<Shown>): void {
    const watched = setOf(this.#usersIn, inApp(app, channel))
    for (const user of users) {
      watched.add(user)
      setOf(this.#channelsOf, inApp(app, user)).add(channel)
    }
    for (const one of shown) this.#tell(channel, one)
  }

  /** Takes users out of a channel that is watched. */
  unwatch(app: string, channel: string, users: Iterable<string>): void {
    const watched = this.#usersIn.get(inApp(app, channel))
    for (const user of [...users]) {
      if (watched?.delete(user) !== true) continue
      const key = inApp(app, user)
      const channels = this.#channelsOf.get(key)
      channels?.delete(channel)
      if (channels?.size === 0) this.#channelsOf.delete(key)
      this.#state.remove(app, { channel, owner: user, name: presenceState })
    }
  }

  /** Nobody looks at a channel any more. */
  gone(app: string, channel: string): void {
    const key = inApp(app, channel)
    this.unwatch(app, channel, this.#usersIn.get(key) ?? [])
    this.#usersIn.delete(key)
  }

  isWatched(app: string, channel: string): boolean {
    return this.#usersIn.has(inApp(app, channel))
  }

  /** Shows somebody wherever somebody looks. */
  tell(person: Shown): void {
    for (const channel of this.#channelsOf.get(inApp(person.app, person.user)) ?? [])
      this.#tell(channel, person)
  }

  #tell(channel: string, person: Shown): void {
    const { app, user, shown } = person
    // Who reads `presence:<user>` was asked for by `authorize`.
    const isVisible = !channel.startsWith(`${contactsKind}:`) || person.isVisibleTo(idOf(channel))
    const key = { channel, owner: user, name: presenceState }
    if (shown === undefined || !isVisible) this.#state.remove(app, key)
    else this.#state.set(app, { ...key, value: shown })
  }
}

/** The channel in which a user hears of their own devices. */
export function devicesOf(user: string): string {
  return `${devicesKind}:${user}`
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  let set = map.get(key)
  if (set === undefined) {
    set = new Set()
    map.set(key, set)
  }
  return set
}
