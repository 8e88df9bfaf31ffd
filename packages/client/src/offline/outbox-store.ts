import type { ErrorBody, Priority } from '@parley/protocol'

/** What is kept of a call until it is answered. */
export interface OutboxRecord {
  /** The idempotency key: made once, sent with every attempt. */
  readonly id: string
  readonly command: string
  readonly input: unknown
  readonly priority?: Priority
  /** Whatever the application wants to know about it after a reload. */
  readonly note?: unknown
  /** Wall-clock time in ms. */
  readonly addedAt: number
  /** When it may have reached the server for the first time; absent: it never has. */
  readonly attemptedAt?: number
  /** The server would not have it: it waits for a decision. */
  readonly refusal?: ErrorBody
}

/** A record in its place: a store counts up. */
export interface StoredRecord extends OutboxRecord {
  readonly seq: number
}

/**
 * Keeps records where a crash of the process does not reach them. Each promise resolves when what was asked for is
 * durable; calls take effect in their order. A crash leaves each record as it was before a call or as it is after.
 */
export interface OutboxStore {
  /** Everything kept, in the order in which it was added. */
  load(): Promise<readonly StoredRecord[]>
  /** Adds a record behind all others; resolves with its place. */
  add(record: OutboxRecord): Promise<number>
  /** Replaces records that are still there; the others are left out. */
  update(records: readonly StoredRecord[]): Promise<void>
  remove(seqs: readonly number[]): Promise<void>
  /** Removes everything. The store can be used on. */
  clear(): Promise<void>
  /** Lets go of files and connections. Nothing is asked of the store afterwards. */
  close(): Promise<void>
}
