import type { OccupancyFrame, StateFrame, StateSnapshot } from '@parley/protocol'
import { type MemberChange, Members } from './members.ts'
import type { Observers, Watching } from './observers.ts'

interface Entry {
  readonly roster: Roster
  ready: Promise<void>
  users: number
  stop: (() => void) | undefined
}

/** The members of one channel with members, as all nodes together have them. */
export class Roster implements Watching {
  readonly members = new Members()
  readonly #changed: (changes: readonly MemberChange[]) => void
  #instance = ''
  #version = 0
  #isAsking = false
  readonly #ask: () => void

  constructor(changed: (changes: readonly MemberChange[]) => void, ask: () => void) {
    this.#changed = changed
    this.#ask = ask
  }

  began({ state }: { readonly state?: StateSnapshot }): void {
    if (state === undefined) return
    this.#isAsking = false
    this.#instance = state.instance
    this.#version = state.version
    this.#tell(this.members.replace(state.entries))
  }

  changed(frame: StateFrame | OccupancyFrame): void {
    if (frame.op !== 'state') return
    const { instance, prev, version, set, removed } = frame
    if (instance === this.#instance && version <= this.#version) return
    if (instance !== this.#instance || prev !== this.#version) {
      if (!this.#isAsking) this.#ask()
      this.#isAsking = true
      return
    }
    this.#version = version
    this.#tell(this.members.apply(set, removed))
  }

  #tell(changes: readonly MemberChange[]): void {
    if (changes.length > 0) this.#changed(changes)
  }
}

/** The rosters of an app's channels that somebody on this node is in. */
export class Rosters {
  readonly #observers: Observers
  readonly #changed: (channel: string, changes: readonly MemberChange[]) => void
  readonly #entries = new Map<string, Entry>()

  constructor(observers: Observers, changed: (channel: string, changes: readonly MemberChange[]) => void) {
    this.#observers = observers
    this.#changed = changed
  }

  /** Fulfilled with a roster that knows who is there; to be closed once for each time that it is opened. */
  async open(channel: string): Promise<Roster> {
    const entry = this.#entries.get(channel) ?? this.#begin(channel)
    entry.users += 1
    await entry.ready
    return entry.roster
  }

  #begin(channel: string): Entry {
    const again = () => void this.#watch(channel, entry)
    const roster = new Roster((changes) => this.#changed(channel, changes), again)
    const entry: Entry = { roster, users: 0, stop: undefined, ready: Promise.resolve() }
    this.#entries.set(channel, entry)
    entry.ready = this.#watch(channel, entry)
    return entry
  }

  async #watch(channel: string, entry: Entry): Promise<void> {
    entry.stop?.()
    const stop = await this.#observers.watch(channel, 'state', entry.roster)
    if (this.#entries.get(channel) === entry) entry.stop = stop
    else stop()
  }

  find(channel: string): Roster | undefined {
    return this.#entries.get(channel)?.roster
  }

  close(channel: string): void {
    const entry = this.#entries.get(channel)
    if (entry === undefined) return
    entry.users -= 1
    if (entry.users > 0) return
    this.#entries.delete(channel)
    entry.stop?.()
  }
}
