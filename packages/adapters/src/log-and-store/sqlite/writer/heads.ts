import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { epochOf } from '../epoch.ts'

/** A channel as the writer knows it. */
export interface Head {
  readonly id: number
  readonly app: string
  readonly name: string
  readonly epoch: string
  head: number
  first: number
  /** Bytes of data held. */
  bytes: number
  isStored: boolean
  isChanged: boolean
}

interface Undo {
  readonly head: Head
  readonly was: Pick<Head, 'head' | 'first' | 'bytes'>
}

/** Channels remembered; above, those known for longest are forgotten, and read again when they are needed. */
const maxHeads = 262_144

/**
 * Heads of channels in the writer's memory, read once. Changes are kept back until `write`, so that a channel costs
 * one statement a group, and can be undone up to a mark.
 */
export class Heads {
  readonly #seed: string
  readonly #byName = new Map<string, Head>()
  readonly #select: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  #lastId: number
  #held: number
  #undo: Undo[] = []
  #changed: Head[] = []

  constructor(database: DatabaseSync, seed: string) {
    this.#seed = seed
    this.#select = database.prepare(
      'SELECT id, head, first, bytes FROM parley_channels WHERE app = ? AND name = ?',
    )
    this.#insert = database.prepare(
      'INSERT INTO parley_channels (id, app, name, head, first, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#update = database.prepare('UPDATE parley_channels SET head = ?, first = ?, bytes = ? WHERE id = ?')
    const sums = database
      .prepare(
        'SELECT coalesce(max(id), 0) AS id, coalesce(sum(head - first + 1), 0) AS held FROM parley_channels',
      )
      .get() as { id: number; held: number }
    this.#lastId = sums.id
    this.#held = sums.held
  }

  /** Events held in all channels. */
  get held(): number {
    return this.#held
  }

  of(app: string, channel: string): Head {
    const key = `${app}\0${channel}`
    return this.#byName.get(key) ?? this.#load(key, app, channel)
  }

  /** Changes a head; kept back until `write`. */
  change(
    head: Head,
    { head: offset = head.head, first = head.first, bytes = head.bytes }: Partial<Undo['was']>,
  ): void {
    this.#undo.push({ head, was: { head: head.head, first: head.first, bytes: head.bytes } })
    this.#held += offset - head.head - (first - head.first)
    head.head = offset
    head.first = first
    head.bytes = bytes
    if (head.isChanged) return
    head.isChanged = true
    this.#changed.push(head)
  }

  /** A point to which `undo` can go back. */
  mark(): number {
    return this.#undo.length
  }

  undo(mark: number): void {
    while (this.#undo.length > mark) {
      const { head, was } = this.#undo.pop() as Undo
      this.#held += was.head - head.head - (was.first - head.first)
      Object.assign(head, was)
    }
  }

  /** Writes what has changed; part of the transaction. */
  write(): void {
    for (const head of this.#changed)
      if (head.isStored) this.#update.run(head.head, head.first, head.bytes, head.id)
      else if (head.head > 0)
        this.#insert.run(head.id, head.app, head.name, head.head, head.first, head.bytes)
  }

  /** The transaction has ended: with the changes, or without any of them. */
  settle(isCommitted: boolean): void {
    if (!isCommitted) this.undo(0)
    this.#undo = []
    for (const head of this.#changed) {
      head.isChanged = false
      if (isCommitted && head.head > 0) head.isStored = true
    }
    this.#changed = []
    if (this.#byName.size > maxHeads) this.#forget()
  }

  #load(key: string, app: string, channel: string): Head {
    const row = this.#select.get(app, channel) as Pick<Head, 'id' | 'head' | 'first' | 'bytes'> | undefined
    const head: Head = {
      ...(row ?? { id: ++this.#lastId, head: 0, first: 1, bytes: 0 }),
      app,
      name: channel,
      epoch: epochOf(this.#seed, app, channel),
      isStored: row !== undefined,
      isChanged: false,
    }
    this.#byName.set(key, head)
    return head
  }

  #forget(): void {
    let left = maxHeads / 2
    for (const key of this.#byName.keys()) {
      if (left-- === 0) return
      this.#byName.delete(key)
    }
  }
}
