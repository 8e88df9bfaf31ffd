import type { Occupancy } from '@parley/protocol'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Channel } from './channel.ts'
import type { Delivery } from './delivery/filter-class.ts'
import type { Member } from './member.ts'

/** Name of the keyed-state entry that the server keeps for each subscriber. */
export const presenceName = 'presence'

export interface UserInChannel {
  readonly user: string
  readonly sessions: number
}

/** Counts who is in a channel as they come and go, so that nobody has to go through the list. */
export class Headcount {
  readonly #sessionsOf = new Map<string, number>()
  #sessions = 0
  #users = 0

  /** Sessions, and users with any number of them; a session without a user counts as one. */
  get counts(): Occupancy {
    return { sessions: this.#sessions, users: this.#users }
  }

  /** Users in the order of their names, with how many sessions each has. */
  page(after: string | undefined, limit: number): readonly UserInChannel[] {
    // One walk over all names: whoever lies behind the best `limit` found so far is passed over.
    const best: string[] = []
    let bound: string | undefined
    for (const user of this.#sessionsOf.keys()) {
      if ((after !== undefined && user <= after) || (bound !== undefined && user >= bound)) continue
      best.push(user)
      if (best.length < 2 * limit) continue
      best.sort(byCodeUnits).length = limit
      bound = best[limit - 1]
    }
    return best
      .sort(byCodeUnits)
      .slice(0, limit)
      .map((user) => ({ user, sessions: this.#sessionsOf.get(user) ?? 0 }))
  }

  entered(user: string | undefined): void {
    this.#sessions += 1
    const before = user === undefined ? 0 : (this.#sessionsOf.get(user) ?? 0)
    if (user !== undefined) this.#sessionsOf.set(user, before + 1)
    if (before === 0) this.#users += 1
  }

  left(user: string | undefined): void {
    this.#sessions -= 1
    const rest = user === undefined ? 0 : (this.#sessionsOf.get(user) ?? 1) - 1
    if (rest === 0) this.#users -= 1
    if (user === undefined) return
    if (rest === 0) this.#sessionsOf.delete(user)
    else this.#sessionsOf.set(user, rest)
  }
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Says when the counts of a channel are told to those who asked for them: at once, then once an interval at most. */
export class OccupancyPace {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #send: (channel: Channel) => void
  readonly #waiting = new Set<Channel>()
  #timer: Timer | undefined
  #isStopped = false

  constructor(clock: Clock, intervalMs: number, send: (channel: Channel) => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#send = send
  }

  /** Something changed in the channel's keyed state, and somebody reads its counts. */
  changed(channel: Channel): void {
    if (this.#isStopped || this.#waiting.has(channel) || !isNews(channel)) return
    if (this.#clock.elapsed() - channel.occupancyAt >= this.#intervalMs) this.#tell(channel)
    else this.#wait(channel)
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#waiting.clear()
  }

  #tell(channel: Channel): void {
    channel.occupancyAt = this.#clock.elapsed()
    channel.occupancyTold = channel.state.occupancy
    this.#send(channel)
  }

  #wait(channel: Channel): void {
    this.#waiting.add(channel)
    this.#timer ??= this.#clock.after(this.#intervalMs, () => this.#turn())
  }

  /** One timer for all channels: none is told more often than once an interval. */
  #turn(): void {
    this.#timer = undefined
    for (const channel of [...this.#waiting]) {
      this.#waiting.delete(channel)
      if (this.#clock.elapsed() - channel.occupancyAt < this.#intervalMs) this.#wait(channel)
      else if (channel.occupancyReaders > 0 && isNews(channel)) this.#tell(channel)
    }
  }
}

function isNews(channel: Channel): boolean {
  return !isSame(channel.occupancyTold, channel.state.occupancy)
}

/** Whether counts that were told are those of now. */
export function isSame(told: Occupancy | undefined, now: Occupancy): boolean {
  return told?.sessions === now.sessions && told.users === now.users
}

/** The text of a frame with the counts as they are now. */
export function occupancyText(channel: Channel): string {
  const { sessions, users } = channel.state.occupancy
  return `{"op":"occupancy","channel":${channel.nameText},"sessions":${sessions},"users":${users}}`
}

/** Counts replace each other: who cannot take them now gets the newest later. */
export function writeOccupancyTo(member: Member, delivery: Delivery): void {
  if (!member.readsOccupancy || member.stateBehind) return
  if (!member.outbox.write(delivery.frame)) member.outbox.fallBehindInState(member)
}
