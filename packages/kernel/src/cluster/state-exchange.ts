import type { StateEntry } from '@parley/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Fanout } from '../channels/fanout.ts'
import { channelKey, type Hub } from '../channels/hub.ts'
import type { KeyedState } from '../channels/keyed-state.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Told } from './peer-link.ts'
import { type FollowedChannel, StateOutlet } from './state-outlet.ts'

export interface StateExchangeParts {
  readonly hub: Hub
  readonly fanout: Fanout
  readonly clock: Clock
  /** There is something to tell a node. */
  readonly wake: (node: string) => void
  /** A node wants to know what is kept in a channel; fulfilled when its module is ready for that. */
  readonly arriving: (channel: FollowedChannel, node: string) => Promise<void>
  readonly gone: (channel: FollowedChannel, node: string) => void
}

/** Entries of a node: part of all it has in a channel (from the `first` part to the `last`), or what has changed. */
export interface ToldEntries extends Told, FollowedChannel {
  readonly k: 'entries'
  readonly set: readonly (readonly [entry: StateEntry, at: number])[]
  readonly removed?: readonly string[]
  readonly first?: boolean
  readonly last?: boolean
}

/** What this node has of the others in an open channel. */
interface Replica {
  readonly channel: Channel
  /** Nodes that have not told all yet. */
  readonly awaited: Set<string>
  /** Nodes with entries here. */
  readonly nodes: Set<string>
  /** Keys that a node, which tells all anew, has not named yet. */
  readonly stale: Map<string, Set<string>>
  waiting: (() => void)[]
}

/**
 * Keyed state across nodes. Each node has the entries of its sessions and of its modules; whoever has the channel open
 * follows it at all others, is told all that they have, then what changes. The entries of a node that is gone go after
 * the presence grace of the channel's kind.
 */
export class StateExchange {
  readonly #parts: StateExchangeParts
  readonly #outlets = new Map<string, StateOutlet>()
  /** By channel: the nodes that follow it here. */
  readonly #followers = new Map<string, Map<string, FollowedChannel>>()
  readonly #replicas = new Map<string, Replica>()
  /** Of nodes that are gone: when their entries go. */
  readonly #departures = new Map<string, ReadonlySet<Timer>>()

  constructor(parts: StateExchangeParts) {
    this.#parts = parts
  }

  /** The next thing to tell a node. */
  next(node: string): Told | undefined {
    return this.#outlets.get(node)?.next()
  }

  /** Says something to a node that is there. */
  say(node: string, told: Told): void {
    this.#outlets.get(node)?.say(told)
  }

  joined(node: string): void {
    for (const timer of this.#departures.get(node) ?? []) timer.cancel()
    this.#departures.delete(node)
    for (const { awaited } of this.#replicas.values()) awaited.add(node)
    this.restarted(node)
  }

  /** The link to a node begins anew: it is told everything. */
  restarted(node: string): void {
    const { hub, wake } = this.#parts
    const outlet = new StateOutlet(hub)
    this.#outlets.set(node, outlet)
    for (const { channel } of this.#replicas.values()) outlet.follow(placeOf(channel), true)
    for (const nodes of this.#followers.values()) {
      const followed = nodes.get(node)
      if (followed !== undefined) outlet.tellAll(followed)
    }
    wake(node)
  }

  /** The link from a node begins anew: it says again what it follows. */
  began(node: string): void {
    for (const nodes of [...this.#followers.values()]) {
      const followed = nodes.get(node)
      if (followed !== undefined) this.#unfollowed(node, followed)
    }
  }

  left(node: string): void {
    this.#outlets.delete(node)
    this.began(node)
    for (const replica of this.#replicas.values()) this.#answered(replica, node)
    this.#expectEnd(node)
  }

  /** Channels of the same grace are seen to together. */
  #expectEnd(node: string): void {
    const byGrace = Map.groupBy(this.#replicas.values(), ({ channel }) => channel.kind.presenceGraceMs)
    const timers = new Set<Timer>()
    for (const [graceMs, replicas] of byGrace) {
      const timer = this.#parts.clock.after(graceMs, () => {
        for (const replica of replicas) this.#clear(replica, node)
        timers.delete(timer)
        if (timers.size === 0) this.#departures.delete(node)
      })
      timers.add(timer)
    }
    if (timers.size > 0) this.#departures.set(node, timers)
  }

  #clear({ channel, nodes }: Replica, node: string): void {
    if (!nodes.delete(node)) return
    let isChanged = false
    for (const key of channel.state.keysOf(node)) isChanged = channel.state.abandon(node, key) || isChanged
    if (isChanged) this.#parts.fanout.stateChanged(channel)
  }

  stop(): void {
    for (const timers of this.#departures.values()) for (const timer of timers) timer.cancel()
    for (const replica of this.#replicas.values()) for (const resume of replica.waiting.splice(0)) resume()
  }

  // ——— what this node follows

  opened(channel: Channel): void {
    const awaited = new Set(this.#outlets.keys())
    const replica = { channel, awaited, nodes: new Set<string>(), stale: new Map(), waiting: [] }
    this.#replicas.set(channelKey(channel.app, channel.name), replica)
    this.#tellFollow(channel, true)
  }

  closed(channel: Channel): void {
    const key = channelKey(channel.app, channel.name)
    const replica = this.#replicas.get(key)
    if (replica === undefined) return
    this.#replicas.delete(key)
    for (const node of [...replica.nodes]) this.#clear(replica, node)
    for (const resume of replica.waiting.splice(0)) resume()
    this.#tellFollow(channel, false)
  }

  #tellFollow(channel: Channel, isWanted: boolean): void {
    for (const [node, outlet] of this.#outlets) {
      outlet.follow(placeOf(channel), isWanted)
      this.#parts.wake(node)
    }
  }

  /** Undefined when all nodes have told what they have in a channel that is open here, else a promise for that. */
  whole(channel: Channel, maxMs: number): Promise<void> | undefined {
    const replica = this.#replicas.get(channelKey(channel.app, channel.name))
    if (replica === undefined || replica.awaited.size === 0) return undefined
    return new Promise((resolve) => {
      const timer = this.#parts.clock.after(maxMs, resolve)
      replica.waiting.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  #answered({ awaited, waiting }: Replica, node: string): void {
    awaited.delete(node)
    if (awaited.size === 0) for (const resume of waiting.splice(0)) resume()
  }

  /** Takes what a node tells. */
  take(node: string, told: Told): void {
    if (told.k === 'entries') this.#adopt(node, told as ToldEntries)
    else if (told.k === 'follow') void this.#followed(node, placeOf(told as Told & FollowedChannel))
    else if (told.k === 'unfollow') this.#unfollowed(node, placeOf(told as Told & FollowedChannel))
  }

  #adopt(node: string, told: ToldEntries): void {
    const replica = this.#replicas.get(channelKey(told.app, told.name))
    if (replica === undefined) return
    const { channel, nodes, stale } = replica
    const { state } = channel
    if (told.first === true) stale.set(node, new Set(state.keysOf(node)))
    const unnamed = stale.get(node)
    let isChanged = false
    for (const [entry, at] of told.set) {
      unnamed?.delete(entry.key)
      isChanged = state.adopt(node, { entry, text: JSON.stringify(entry), at }) || isChanged
      nodes.add(node)
    }
    const gone = told.last === true ? [...(told.removed ?? []), ...(unnamed ?? [])] : (told.removed ?? [])
    for (const key of gone) isChanged = state.abandon(node, key) || isChanged
    if (isChanged) this.#parts.fanout.stateChanged(channel)
    if (told.last !== true) return
    stale.delete(node)
    this.#answered(replica, node)
  }

  // ——— what others follow here

  async #followed(node: string, followed: FollowedChannel): Promise<void> {
    const key = channelKey(followed.app, followed.name)
    const nodes = this.#followers.get(key) ?? new Map<string, FollowedChannel>()
    this.#followers.set(key, nodes.set(node, followed))
    const state = this.#parts.hub.stateOf(followed.app, followed.name)
    if (state !== undefined) this.#watch(key, state)
    await this.#parts.arriving(followed, node)
    if (this.#followers.get(key)?.get(node) !== followed) return
    this.#outlets.get(node)?.tellAll(followed)
    this.#parts.wake(node)
  }

  #unfollowed(node: string, followed: FollowedChannel): void {
    const key = channelKey(followed.app, followed.name)
    const nodes = this.#followers.get(key)
    if (nodes?.delete(node) !== true) return
    this.#outlets.get(node)?.drop(followed)
    this.#parts.gone(followed, node)
    if (nodes.size > 0) return
    this.#followers.delete(key)
    const state = this.#parts.hub.stateOf(followed.app, followed.name)
    if (state !== undefined) state.watcher = undefined
  }

  stateMade(app: string, name: string, state: KeyedState): void {
    const key = channelKey(app, name)
    if (this.#followers.has(key)) this.#watch(key, state)
  }

  stateLost(key: string): void {
    for (const [node, followed] of this.#followers.get(key) ?? []) {
      this.#outlets.get(node)?.tellAll(followed)
      this.#parts.wake(node)
    }
  }

  #watch(key: string, state: KeyedState): void {
    state.watcher = (entry) => {
      for (const [node, followed] of this.#followers.get(key) ?? []) {
        this.#outlets.get(node)?.changed(followed, entry)
        this.#parts.wake(node)
      }
    }
  }
}

function placeOf({ app, name }: FollowedChannel): FollowedChannel {
  return { app, name }
}
