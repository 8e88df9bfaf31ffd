import type { Action } from '@parley/protocol'
import { ParleyError, parseChannelName } from '@parley/protocol'
import type { Identity } from './ports/authenticator.ts'
import type { Retention } from './ports/event-log.ts'

/** `ephemeral`: no log, at most once. `recent`: a bounded log in memory. `durable`: on disk before the ack. */
export type Durability = 'ephemeral' | 'recent' | 'durable'

/** Order in which channels are served when a connection cannot take everything at once. */
export const lanes = ['critical', 'high', 'normal', 'low', 'background'] as const
export type Lane = (typeof lanes)[number]

/**
 * What happens to a subscription that reads more slowly than its channel grows. `catch_up` (default of `recent` and
 * `durable`): live events are not queued; the subscription keeps its position and reads the log at its own pace.
 * `drop_oldest` (default of `ephemeral`): a bounded queue loses its oldest events, and the client is told.
 */
export type SlowConsumerPolicy = 'catch_up' | 'drop_oldest'

/**
 * Who may do a thing: any valid identity; a signed-in user; who holds a capability for it; back ends only; who looks
 * after the whole server.
 */
export type Access = 'anyone' | 'user' | 'granted' | 'backend' | 'operator'

export interface AuthorizeRequest {
  readonly identity: Identity
  readonly action: Action
  readonly channel: string
}

export interface KindLimits {
  /** Largest event data in bytes of JSON. */
  readonly maxEventBytes: number
  /** Most subscriptions to one channel on one node. */
  readonly maxSubscribers: number
  /** Most publishes a second into one channel, with a burst of twice as many; 0: no limit. */
  readonly publishPerSecond: number
  /** Most entries of keyed state in a channel. */
  readonly maxStateEntries: number
  /** Largest value of one keyed-state entry in bytes of JSON. */
  readonly maxStateBytes: number
}

/** What a module does for the subscribers of its channels, so that it spends nothing where there are none. */
export interface Audience {
  /**
   * Called before somebody subscribes to a channel that has no subscriber on this node; the subscription waits. Keyed
   * state that is set here is in its snapshot. Called also when another node of the cluster has opened the channel: what
   * this node keeps there is shown by all. May be called more than once before `gone`, which waits for it.
   */
  arriving(app: string, channel: string): Promise<void> | void
  /** The last subscriber on this node has left, and no other node has the channel open. */
  gone(app: string, channel: string): void
}

/** What the channels of a kind share. */
export interface Kind {
  readonly name: string
  /** The module that it belongs to. */
  readonly module: string
  readonly durability: Durability
  readonly retention: Retention
  /** Sessions that subscribe appear in the channel's keyed state under the name `presence`. */
  readonly presence: boolean
  /** How long a presence entry outlives a broken connection, in ms. */
  readonly presenceGraceMs: number
  /** Whether it is shown who is typing. */
  readonly typing: boolean
  /** Changes of keyed state go out at most so often, in ms; 0: at the end of each turn. */
  readonly stateFlushMs: number
  readonly access: Readonly<Record<Action, Access>>
  readonly lane: Lane
  readonly slowConsumer: SlowConsumerPolicy
  readonly limits: KindLimits
  /** Whether subscribers may give filters. */
  readonly filters: boolean
  /**
   * Channels of such kinds keep their order among each other too: a live subscriber of several gets their events in the
   * order in which this node published them. A batch ends wherever the next event is of another channel.
   */
  readonly inOrder: boolean
  /** Asked after the access rule, for users; its answer is cached for 60 s and dropped with every access change. */
  readonly authorize?: (request: AuthorizeRequest) => Promise<boolean>
  readonly audience?: Audience
}

const day = 24 * 60 * 60 * 1000

/** Defaults of every kind. Retention has bounds, so that a disk is never filled by forgetting a setting. */
export const kindDefaults = {
  durability: 'durable',
  presence: true,
  presenceGraceMs: 5_000,
  stateFlushMs: 0,
  access: { read: 'granted', write: 'granted', presence: 'granted', manage: 'granted' },
  lane: 'normal',
  limits: {
    maxEventBytes: 65_536,
    maxSubscribers: 100_000,
    publishPerSecond: 0,
    maxStateEntries: 100_000,
    maxStateBytes: 4_096,
  },
  filters: true,
  inOrder: false,
} as const

export const retentionDefaults: Readonly<Record<Durability, Retention>> = {
  ephemeral: { maxEvents: 0, maxAgeMs: 0, maxBytes: 0 },
  recent: { maxEvents: 1_000, maxAgeMs: day, maxBytes: 4 * 1024 * 1024 },
  durable: { maxEvents: 1_000_000, maxAgeMs: 30 * day, maxBytes: 1024 * 1024 * 1024 },
}

type Partially<T> = { readonly [K in keyof T]?: T[K] | undefined }

export interface KindOptions
  extends Partially<
    Omit<Kind, 'name' | 'module' | 'limits' | 'access' | 'retention' | 'authorize' | 'audience'>
  > {
  readonly limits?: Partially<KindLimits> | undefined
  readonly access?: Partially<Kind['access']> | undefined
  readonly retention?: Partially<Retention> | undefined
  readonly authorize?: ((request: AuthorizeRequest) => Promise<boolean>) | undefined
  readonly audience?: Audience | undefined
}

/**
 * Fills defaults in and checks combinations.
 *
 * @throws RangeError for a combination that cannot work
 */
export function defineKind(module: string, name: string, options: KindOptions = {}): Kind {
  const durability = options.durability ?? kindDefaults.durability
  const slowConsumer = options.slowConsumer ?? (durability === 'ephemeral' ? 'drop_oldest' : 'catch_up')
  if (parseChannelName(`${name}:x`) === undefined)
    throw new RangeError(
      `Kind name \`${name}\`: lower-case letters, digits, - and _, at most 32, beginning with a letter.`,
    )
  if (durability === 'ephemeral' && slowConsumer === 'catch_up')
    throw new RangeError(`Kind \`${name}\`: an ephemeral kind has no log to catch up from; use drop_oldest.`)
  const { authorize, audience } = options
  return {
    name,
    module,
    durability,
    slowConsumer,
    retention: merge(retentionDefaults[durability], options.retention),
    presence: options.presence ?? kindDefaults.presence,
    presenceGraceMs: options.presenceGraceMs ?? kindDefaults.presenceGraceMs,
    typing: options.typing ?? options.presence ?? kindDefaults.presence,
    stateFlushMs: options.stateFlushMs ?? kindDefaults.stateFlushMs,
    access: merge(kindDefaults.access as Kind['access'], options.access),
    lane: options.lane ?? kindDefaults.lane,
    limits: merge(kindDefaults.limits as KindLimits, options.limits),
    filters: options.filters ?? kindDefaults.filters,
    inOrder: options.inOrder ?? kindDefaults.inOrder,
    ...(authorize === undefined ? {} : { authorize }),
    ...(audience === undefined ? {} : { audience }),
  }
}

function merge<T extends object>(base: T, over: Partially<T> | undefined): T {
  const result = { ...base }
  for (const key in over) {
    const value = over[key]
    if (value !== undefined) result[key] = value as T[typeof key]
  }
  return result
}

/** Channels whose kind is remembered; at the bound all are forgotten and found again. */
const rememberedChannels = 20_000

/** The kinds of a node by name. */
export class Kinds {
  readonly #byName = new Map<string, Kind>()
  /** A channel's name is looked at some four times in each publish: it is taken apart once. */
  readonly #byChannel = new Map<string, Kind>()

  add(kind: Kind): void {
    const other = this.#byName.get(kind.name)
    if (other !== undefined)
      throw new RangeError(
        `Kind \`${kind.name}\` is declared twice: by module ${other.module} and by ${kind.module}.`,
      )
    this.#byName.set(kind.name, kind)
  }

  list(): readonly Kind[] {
    return [...this.#byName.values()]
  }

  /**
   * The kind of a channel.
   *
   * @throws ParleyError `bad_request` for a bad name, `unknown_kind`
   */
  of(channel: string): Kind {
    const known = this.#byChannel.get(channel)
    if (known !== undefined) return known
    const kind = this.#find(channel)
    if (this.#byChannel.size >= rememberedChannels) this.#byChannel.clear()
    this.#byChannel.set(channel, kind)
    return kind
  }

  /** The lane of a channel; of what is none, `normal`. */
  laneOf(channel: string): Lane {
    const known = this.#byChannel.get(channel)
    if (known !== undefined) return known.lane
    const end = channel.indexOf(':')
    return (end < 0 ? undefined : this.#byName.get(channel.slice(0, end))?.lane) ?? kindDefaults.lane
  }

  #find(channel: string): Kind {
    const name = parseChannelName(channel)
    if (name === undefined)
      throw new ParleyError(
        'bad_request',
        'A channel is named `kind:id`: letters, digits and . _ ~ @ + = : - only, at most 200 characters.',
      )
    const kind = this.#byName.get(name.kind)
    if (kind === undefined)
      throw new ParleyError(
        'unknown_kind',
        `No kind \`${name.kind}\` is configured. Declare it under \`kinds\` in the configuration.`,
      )
    return kind
  }
}
