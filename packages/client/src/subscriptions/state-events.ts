import type { ChannelEvent, StateContract, StateEntry } from '@parley/protocol'
import type { Clock } from '../platform.ts'
import type { StateChange } from './keyed-state.ts'

/** What a client makes of the entries of one name: what the contract of their module says, without its schema. */
export type StateRule = Pick<StateContract, 'events' | 'fleeting'>

/** The rules of the modules that come with Parley. */
export const builtInStates = {
  presence: {
    events: { began: 'presence.online', changed: 'presence.updated', ended: 'presence.offline' },
  },
  typing: {
    events: { began: 'typing.started', changed: 'typing.started', ended: 'typing.stopped' },
    fleeting: true,
  },
} as const satisfies Readonly<Record<string, StateRule>>

interface Options {
  readonly clock: Clock
  readonly states: Readonly<Record<string, StateRule>>
  readonly heard: (event: ChannelEvent) => void
}

/** Tells what becomes of the entries about users in one channel as events, where a rule says so. */
export class StateEvents {
  readonly #channel: string
  readonly #options: Options
  readonly #known = new Map<string, StateEntry>()

  constructor(channel: string, options: Options) {
    this.#channel = channel
    this.#options = options
  }

  follow({ set, removed }: Pick<StateChange, 'set' | 'removed'>): void {
    for (const key of removed) {
      const entry = this.#known.get(key)
      if (entry === undefined) continue
      this.#known.delete(key)
      this.#tell('ended', entry)
    }
    for (const entry of set) {
      // What sessions have set is theirs: every subscriber of a channel has an entry `presence` in it.
      if (entry.session !== undefined || entry.user === undefined) continue
      if (this.#options.states[entry.name]?.events === undefined) continue
      const before = this.#known.get(entry.key)
      this.#known.set(entry.key, entry)
      if (before === undefined) this.#tell('began', entry)
      // A snapshot tells again what is known.
      else if (JSON.stringify(before.value) !== JSON.stringify(entry.value)) this.#tell('changed', entry)
    }
  }

  #tell(what: 'began' | 'changed' | 'ended', { key, name, user, value }: StateEntry): void {
    const { clock, states, heard } = this.#options
    const type = states[name]?.events?.[what]
    if (type === undefined || user === undefined) return
    const channel = this.#channel
    const data = {
      ...(typeof value === 'object' ? value : { value }),
      ...{ channel, user },
    }
    heard({ id: key, channel, type, data, offset: 0, at: clock.now(), by: user })
  }
}
