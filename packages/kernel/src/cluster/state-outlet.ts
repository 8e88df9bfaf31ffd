import type { StateEntry } from '@parley/protocol'
import { channelKey, type Hub } from '../channels/hub.ts'
import type { Told } from './peer-link.ts'

/** A channel, as nodes name it to each other. */
export interface FollowedChannel {
  readonly app: string
  readonly name: string
}

/** What a node that follows a channel has not been told. */
interface Untold {
  readonly followed: FollowedChannel
  /** All of it: what is newer than this version is still to be told; -1: nothing was. */
  after: number | undefined
  /** Keys that have changed. */
  readonly changed: Set<string>
}

const pageBytes = 16_384
const maxOthers = 1_000

/**
 * What one other node has not been told yet: what is followed there, what has changed here in the channels that it
 * follows (each entry once, as it is when it is told), and questions and answers.
 */
export class StateOutlet {
  readonly #hub: Hub
  readonly #follows = new Map<string, { readonly followed: FollowedChannel; readonly isWanted: boolean }>()
  readonly #untold = new Map<string, Untold>()
  readonly #others: Told[] = []

  constructor(hub: Hub) {
    this.#hub = hub
  }

  /** Says something; when too much waits, nothing. */
  say(told: Told): void {
    if (this.#others.length < maxOthers) this.#others.push(told)
  }

  /** This node wants to be told of a channel, or no longer. */
  follow(followed: FollowedChannel, isWanted: boolean): void {
    const key = channelKey(followed.app, followed.name)
    this.#follows.delete(key)
    this.#follows.set(key, { followed, isWanted })
  }

  /** The other node is to be told all that this one has in a channel. */
  tellAll(followed: FollowedChannel): void {
    const key = channelKey(followed.app, followed.name)
    this.#untold.set(key, { followed, after: -1, changed: new Set() })
  }

  /** An entry has changed. */
  changed(followed: FollowedChannel, entry: string): void {
    const key = channelKey(followed.app, followed.name)
    const untold = this.#untold.get(key)
    if (untold !== undefined) untold.changed.add(entry)
    else this.#untold.set(key, { followed, after: undefined, changed: new Set([entry]) })
  }

  /** The other node does not want to be told of the channel any more. */
  drop(followed: FollowedChannel): void {
    this.#untold.delete(channelKey(followed.app, followed.name))
  }

  next(): Told | undefined {
    const other = this.#others.shift()
    if (other !== undefined) return other
    for (const [key, { followed, isWanted }] of this.#follows) {
      this.#follows.delete(key)
      return { k: isWanted ? 'follow' : 'unfollow', ...followed }
    }
    for (const [key, untold] of this.#untold) {
      const told = untold.after === undefined ? this.#changes(untold) : this.#page(untold, untold.after)
      if (untold.after === undefined && untold.changed.size === 0) this.#untold.delete(key)
      return told
    }
    return undefined
  }

  #page(untold: Untold, after: number): Told {
    const { followed } = untold
    const page = this.#hub.stateOf(followed.app, followed.name)?.ownAfter(after, pageBytes)
    untold.after = page?.next
    const set = (page?.entries ?? []).map(({ entry, at }) => [entry, at] as const)
    return {
      ...{ k: 'entries', ...followed, set },
      ...(after < 0 ? { first: true } : {}),
      ...(page?.next === undefined ? { last: true } : {}),
    }
  }

  #changes({ followed, changed }: Untold): Told {
    const state = this.#hub.stateOf(followed.app, followed.name)
    const set: (readonly [entry: StateEntry, at: number])[] = []
    const removed: string[] = []
    let bytes = 0
    for (const key of changed) {
      changed.delete(key)
      const own = state?.own(key)
      if (own === undefined) removed.push(key)
      else set.push([own.entry, own.at])
      bytes += own === undefined ? key.length : own.text.length
      if (bytes >= pageBytes) break
    }
    return { k: 'entries', ...followed, set, removed }
  }
}
