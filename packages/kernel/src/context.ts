import type {
  Action,
  ChannelEvent,
  CompiledFilter,
  DeviceInfo,
  Filter,
  StateSnapshot,
} from '@parley/protocol'
import type { Jobs } from './jobs/job.ts'
import type { Kind } from './kind.ts'
import type { Identity } from './ports/authenticator.ts'
import type { Clock } from './ports/clock.ts'
import type { Top } from './ports/event-log.ts'
import type { Logger } from './ports/logger.ts'
import type { Assertion, RecordRow, SqlStatement, SqlValue, Write } from './ports/store.ts'

export interface AppendedEvent {
  readonly channel: string
  readonly type: string
  /** Any JSON value. */
  readonly data: unknown
  /** Unique in the channel; lets a sender recognise its echo. */
  readonly id?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Default: the calling user. */
  readonly by?: string | undefined
}

export interface HistoryQuery {
  readonly channel: string
  /** Forward from here (exclusive). */
  readonly after?: number | undefined
  /** Backward from here (exclusive); without `after` and `since` the newest events are read. */
  readonly before?: number | undefined
  /** Forward from this time, in ms since 1970. */
  readonly since?: number | undefined
  readonly limit: number
}

export interface HistoryPage {
  /** In ascending order. */
  readonly events: readonly ChannelEvent[]
  readonly epoch: string
  readonly head: number
  readonly first: number
  /** Pass as `after` (or, reading backward, as `before`) to go on; absent at the end. */
  readonly next?: number
}

/** A change of who may do what, applied by every node in order, before any later event of the channels concerned. */
export type AccessChange =
  | { readonly type: 'subscribe'; readonly user: string; readonly channel: string }
  | { readonly type: 'unsubscribe'; readonly user: string; readonly channel: string; readonly reason: string }
  | {
      readonly type: 'disconnect'
      readonly user?: string
      readonly session?: string
      readonly reason: string
      readonly reconnect: boolean
    }
  | {
      readonly type: 'revoke'
      readonly tokenId?: string
      readonly user?: string
      readonly issuedBefore?: number
    }
  | { readonly type: 'permissions'; readonly user?: string; readonly channel?: string }
  | { readonly type: 'flag'; readonly name: string; readonly on: boolean }

export interface SessionSummary {
  readonly session: string
  readonly user?: string
  readonly device?: DeviceInfo
  readonly transport: string
  readonly connected: boolean
  readonly since: number
  readonly channels: number
}

/** Names an entry of keyed state that a module keeps. */
export interface StateKey {
  readonly channel: string
  /** The user that the entry is about; absent: the channel itself. */
  readonly owner?: string | undefined
  /** Declared in the contract of a module, under `states`. */
  readonly name: string
}

export interface StateSetting extends StateKey {
  /** Any JSON value but `null`. */
  readonly value: unknown
  /** The entry goes by itself after so long, unless it is set again; late by at most half a second. */
  readonly ttlMs?: number | undefined
}

/**
 * Entries of keyed state that no session owns. They take effect at once, in no unit, and are stored nowhere: subscribers
 * see them in snapshots and differences like all others. Entries of a channel that nobody on the node listens to are
 * kept too, up to `maxIdleStateEntries` of the node; above, the channels left alone longest lose theirs.
 */
export interface ModuleState {
  /**
   * Sets an entry. Nothing goes out when it has the same value already; its time begins anew.
   *
   * @throws ParleyError `payload_too_large`, `limit_exceeded` when the channel is full, `unknown_kind`
   * @throws RangeError for a name that no contract declares
   */
  set(entry: StateSetting): void
  remove(entry: StateKey): void
}

/** The node's channels, as a handler may see them. Everything is of the caller's app. */
export interface ChannelsAccess {
  kind(channel: string): Kind
  kinds(): readonly Kind[]
  top(channel: string): Promise<Top>
  /** Events that the filter leaves out still count for `limit` and `next`. */
  history(query: HistoryQuery, filter?: CompiledFilter): Promise<HistoryPage>
  list(options: {
    readonly prefix?: string | undefined
    readonly after?: string | undefined
    readonly limit: number
  }): Promise<readonly (Top & { readonly channel: string })[]>
  /** Of each offset its event, or undefined where none is held; at most 1,000 offsets. */
  pick(channel: string, offsets: readonly number[]): Promise<readonly (ChannelEvent | undefined)[]>
  /** Redacts at once, in no unit. Answers when the words are in no file; false when the offset is not held. */
  redact(channel: string, offset: number): Promise<boolean>
  /**
   * Fulfilled when `state`, `presence` and `members` of a channel tell what all nodes of a cluster have, or when one of
   * them takes too long to say. On a node that is alone they always do.
   */
  gather(channel: string): Promise<void>
  state(channel: string, after?: string): StateSnapshot
  presence(channel: string): { readonly sessions: number; readonly users: number }
  /** Users who are in a channel, in the order of their names (code units), after a name. */
  members(
    channel: string,
    after: string | undefined,
    limit: number,
  ): readonly { readonly user: string; readonly sessions: number }[]
  /** The sessions of a user on all nodes; of nodes that do not answer in time there are none. */
  sessions(user: string): Promise<readonly SessionSummary[]>
}

/**
 * All that a handler may touch. What it appends, writes and asserts becomes one unit, committed whole when the handler
 * returns; if an assertion fails, the handler runs once more on fresh reads.
 */
export interface Context {
  readonly app: string
  readonly identity: Identity
  /** The calling user; absent for back ends. */
  readonly user: string | undefined
  /** The calling session; absent over REST. */
  readonly session: string | undefined
  readonly requestId: string
  /** 1; or 2 when an assertion of the first run did not hold: the time for looking closely. */
  readonly attempt: 1 | 2
  readonly clock: Clock
  readonly log: Logger
  readonly channels: ChannelsAccess
  /** What it does takes effect at once, whatever becomes of the unit. */
  readonly state: ModuleState
  /** Work of the server for later, and what was given up. */
  readonly jobs: Jobs
  /**
   * Appends an event. Answers its index in the unit: `{ offsetOf: index }` as a parameter of an SQL write stands for the
   * offset that the event is given. Only events of `durable` kinds have one.
   */
  append(event: AppendedEvent): number
  /**
   * Makes an event of a `durable` channel a tombstone, in the same unit. When the command is answered, nobody is served
   * its words any more; a moment later they are in no file. An offset that is not held is ignored.
   */
  redact(channel: string, offset: number): void
  write(...writes: Write[]): void
  assert(...assertions: Assertion[]): void
  /** Has something called when the unit is committed, as far as it has anything durable. Must not throw. */
  whenCommitted(run: () => void): void
  /** Appends an access change to the app's control channel, in the same unit. */
  change(change: AccessChange): void
  /** Reads wait for earlier units of the same ordering key, so that *send, then edit* needs no waiting. */
  record(table: string, key: string): Promise<RecordRow | undefined>
  records(
    table: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly RecordRow[]>
  query(statement: SqlStatement): Promise<readonly Readonly<Record<string, SqlValue>>[]>
  /** @throws ParleyError `forbidden` */
  require(action: Action, channel?: string): Promise<void>
  /**
   * The filter for reading a channel as the caller: its wish joined with what its grants enforce.
   *
   * @throws ParleyError `bad_request` for a filter that is not one
   */
  readFilter(channel: string, wanted?: Filter): CompiledFilter | undefined
  /** Calls another module's command as the same identity, in a unit of its own. */
  call(command: string, input: unknown): Promise<unknown>
}
