import { ParleyError } from '@parley/protocol'

/**
 * Feature flags (register CF-08) with their defaults (C-80): core, performance and security on, advanced off.
 * `eventEncryption` follows the security level and is off here.
 */
export const flagDefaults = {
  eventBroadcasting: true,
  typingIndicators: true,
  sessionCoordination: true,
  presenceManagement: true,
  eventReplay: false,
  advancedFiltering: false,
  customEventTypes: false,
  externalIntegrations: false,
  eventCompression: true,
  batchProcessing: true,
  connectionPooling: true,
  caching: true,
  eventEncryption: false,
  advancedAuth: true,
  rateLimiting: true,
  auditLogging: true,
} as const

export type FlagName = keyof typeof flagDefaults

/** What a flag switches; those that are not here switch nothing yet. */
export const flagMeanings: Readonly<Partial<Record<FlagName, string>>> = {
  eventBroadcasting: 'Publishing to channels.',
  typingIndicators: 'Showing who types.',
  sessionCoordination:
    'Sessions that wait for their client. Without, each connection is a session of its own.',
  presenceManagement: 'Presence.',
  eventReplay: 'Reading past events of a channel with `channels.history`. Recovery does not need it.',
  advancedFiltering: 'Filters that subscribers ask for. Those that tokens enforce hold without it.',
  customEventTypes: 'Publishing events of other types than `message`.',
  externalIntegrations: 'Clients of Socket.IO and Pusher that connect from then on.',
  eventCompression: 'Compression on connections that are opened from then on.',
  batchProcessing: 'Publishing several events at once, with `channels.publishMany`.',
  caching: 'Remembering what the authorise webhook has answered.',
  rateLimiting: 'Rates.',
}

/** Switches that act at once, on this node. The kernel changes them when it applies an access change of type `flag`. */
export class Flags {
  readonly #on = new Map<string, boolean>(Object.entries(flagDefaults))

  constructor(initial: Readonly<Partial<Record<FlagName, boolean>>> = {}) {
    for (const [name, on] of Object.entries(initial)) this.set(name, on)
  }

  /** Everything that can be switched is on: for a node whose maker does not speak of flags. */
  static allOn(): Flags {
    return new Flags(Object.fromEntries(Object.keys(flagDefaults).map((name) => [name, true])))
  }

  isOn(name: FlagName): boolean {
    return this.#on.get(name) === true
  }

  /** @throws ParleyError `disabled` */
  require(name: FlagName): void {
    if (!this.isOn(name)) throw new ParleyError('disabled', `The feature flag \`${name}\` is off.`)
  }

  /** @throws ParleyError `not_found` for a flag that does not exist */
  set(name: string, on: boolean): void {
    if (!this.#on.has(name))
      throw new ParleyError(
        'not_found',
        `There is no feature flag \`${name.slice(0, 64)}\`. Flags: ${[...this.#on.keys()].join(', ')}.`,
      )
    this.#on.set(name, on)
  }

  list(): Readonly<Record<string, boolean>> {
    return Object.fromEntries(this.#on)
  }
}
