import type { Position } from '@parley/protocol'

/** An event to be stored. `data` and `tags` are JSON text, encoded once by the kernel. */
export interface NewEvent {
  /** Id given by the caller, unique in the channel; without one it is `<epoch>-<offset>`. */
  readonly id?: string
  readonly type: string
  readonly data: string
  readonly tags?: string
  readonly by?: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Trace context of the call that it comes from. Goes out with the event while it is in memory; no log stores it. */
  readonly traceparent?: string
}

/** An event that has its place in a channel. */
export interface StoredEvent extends NewEvent {
  readonly offset: number
  /** True for a tombstone: `data` is `null`, and the words are in no file. */
  readonly redacted?: true
}

/** What is known of a channel's stream. */
export interface Top {
  /** Identity of the stream: unguessable, the same for as long as its offsets mean the same. */
  readonly epoch: string
  /** Offset of the newest event; 0 when there was none yet. */
  readonly head: number
  /** Lowest offset that can still be read; head + 1 when nothing is held. */
  readonly first: number
}

export interface ReadOptions {
  /** Only events with a higher offset. */
  readonly after: number
  readonly limit: number
  /** Stop when the events read weigh more; at least one is returned. Default: no bound. */
  readonly maxBytes?: number
}

/** Offsets that one `pick` takes. */
export const maxPicked = 1_000

export interface Retention {
  /** Keep at most so many events. */
  readonly maxEvents: number
  /** Keep events for at most so long. */
  readonly maxAgeMs: number
  /** Keep at most so many bytes of data. */
  readonly maxBytes: number
}

/**
 * The reading side of a log of channels. Guarantees: offsets of a channel start at 1 and grow by 1; an event once read
 * at an offset is read there for ever, unless redacted or trimmed; what `tops` tells can be read by a `read` that
 * starts later; a channel that has never been written has an epoch too, and keeps it when events come.
 */
export interface EventLog {
  tops(app: string, channels: readonly string[]): Promise<readonly Top[]>
  /** Events in ascending order. */
  read(app: string, channel: string, options: ReadOptions): Promise<readonly StoredEvent[]>
  /** The `limit` newest events with an offset below `before`, in ascending order. */
  readBackward(app: string, channel: string, before: number, limit: number): Promise<readonly StoredEvent[]>
  /**
   * The events at some offsets, at most {@link maxPicked}, in the order asked; undefined where none is held.
   *
   * @throws ParleyError `bad_request` for more offsets
   */
  pick(
    app: string,
    channel: string,
    offsets: readonly number[],
  ): Promise<readonly (StoredEvent | undefined)[]>
  /** Offset of the newest event older than `at` (ms); 0 when there is none. */
  offsetBefore(app: string, channel: string, at: number): Promise<number>
  /** Drops what retention no longer holds, oldest first; the head survives. Answers the new first offset. */
  trim(app: string, channel: string, retention: Retention, now: number): Promise<number>
  /**
   * Replaces an event by a tombstone at the same offset, so that its data, tags and id are in no file afterwards.
   * Answers false when the offset is not held.
   */
  redact(app: string, channel: string, offset: number): Promise<boolean>
  /** Channels that hold a head, by name, after `after`; for sweeps and lists. */
  channels(
    app: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly (Top & { readonly channel: string })[]>
}

/** A log for `recent` kinds: bounded, kept in memory or in a broker, with no rows beside it. */
export interface RecentLog extends EventLog {
  /** Several nodes append to it and read from it. Without it a cluster takes no log for `recent` kinds. */
  readonly isShared?: boolean
  /**
   * Appends events in order and answers the position of each. Synchronous where the log is in this process, so that
   * an event goes out in the turn in which it came. Epoch and head outlive the events by at least 24 hours.
   */
  append(
    app: string,
    channel: string,
    events: readonly NewEvent[],
    retention: Retention,
  ): readonly Position[] | Promise<readonly Position[]>
}
