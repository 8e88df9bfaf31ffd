import type { Kept } from '@parley/look'

const maxChannels = 200
const key = 'parley.channels'

/** The channels that a person keeps in their list, on this device. */
export class ChannelBook {
  readonly #kept: Kept
  readonly #listeners = new Set<() => void>()
  #channels: readonly string[]

  constructor(kept: Kept) {
    this.#kept = kept
    const before = kept.read(key)
    const names = Array.isArray(before)
      ? before.filter((name): name is string => typeof name === 'string')
      : []
    this.#channels = names.filter((name) => name.includes(':')).slice(-maxChannels)
  }

  readonly list = (): readonly string[] => this.#channels

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Puts channels in; those that are there stay where they are. */
  add(...channels: readonly string[]): void {
    const news = new Set(channels.filter((channel) => !this.#channels.includes(channel)))
    if (news.size > 0) this.#set([...this.#channels, ...news].slice(-maxChannels))
  }

  remove(channel: string): void {
    this.#set(this.#channels.filter((other) => other !== channel))
  }

  #set(channels: readonly string[]): void {
    this.#channels = channels
    this.#kept.write(key, channels)
    for (const listener of [...this.#listeners]) listener()
  }
}
