import { Buffer } from 'node:buffer'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ReadOptions, RecordRow, SqlStatement, StoredEvent, StoredReceipt, Top } from '@parley/kernel'
import { epochOf } from '../epoch.ts'
import { Receipts } from '../receipts.ts'
import { Statements } from '../sql/statements.ts'
import type { Table } from '../sql/table.ts'

/** Which of a list's entries are wanted, by name. */
export interface PageOptions {
  readonly prefix?: string
  readonly after?: string
  readonly limit: number
}

interface ChannelRow {
  readonly id: number
  readonly name: string
  readonly head: number
  readonly first: number
}

interface EventRow {
  readonly offset: number
  readonly type: string
  readonly data: string | null
  readonly tags: string | null
  readonly id: string | null
  readonly author: string | null
  readonly at: number
}

/** Every question that a store answers. Each is one snapshot of its own; no transaction stays open. */
export class Queries {
  readonly #seed: string
  readonly #statements: Statements
  readonly #channel: StatementSync
  readonly #channels: StatementSync
  readonly #forward: StatementSync
  readonly #backward: StatementSync
  readonly #one: StatementSync
  readonly #time: StatementSync
  readonly #receipts: Receipts
  readonly #record: StatementSync
  readonly #records: StatementSync

  constructor(database: DatabaseSync, seed: string) {
    this.#seed = seed
    const event = 'SELECT offset, type, data, tags, id, author, at FROM parley_events WHERE channel = ?'
    const channel = 'SELECT id, name, head, first FROM parley_channels WHERE app = ?'
    const record = 'SELECT key, value, version FROM parley_records WHERE app = ? AND name = ?'
    this.#statements = new Statements(database)
    this.#channel = database.prepare(`${channel} AND name = ?`)
    this.#channels = database.prepare(`${channel} AND name >= ? ORDER BY name`)
    this.#forward = database.prepare(`${event} AND offset > ? ORDER BY offset LIMIT ?`)
    this.#backward = database.prepare(`${event} AND offset < ? ORDER BY offset DESC LIMIT ?`)
    this.#one = database.prepare(`${event} AND offset = ?`)
    this.#time = database.prepare('SELECT at FROM parley_events WHERE channel = ? AND offset = ?')
    this.#receipts = new Receipts(database)
    this.#record = database.prepare(`${record} AND key = ?`)
    this.#records = database.prepare(`${record} AND key >= ? ORDER BY key`)
  }

  tops(app: string, channels: readonly string[]): Top[] {
    return channels.map((channel) => this.#top(app, channel, this.#find(app, channel)))
  }

  read(
    app: string,
    channel: string,
    { after, limit, maxBytes = Number.POSITIVE_INFINITY }: ReadOptions,
  ): StoredEvent[] {
    const found = this.#find(app, channel)
    const events: StoredEvent[] = []
    if (found === undefined) return events
    let bytes = 0
    for (const row of this.#forward.iterate(found.id, after, limit)) {
      const event = toEvent(row as unknown as EventRow)
      bytes += Buffer.byteLength(event.data)
      if (events.length > 0 && bytes > maxBytes) break
      events.push(event)
    }
    return events
  }

  readBackward(app: string, channel: string, before: number, limit: number): StoredEvent[] {
    const found = this.#find(app, channel)
    if (found === undefined) return []
    return (this.#backward.all(found.id, before, limit) as unknown as EventRow[]).map(toEvent).reverse()
  }

  pick(app: string, channel: string, offsets: readonly number[]): (StoredEvent | undefined)[] {
    const found = this.#find(app, channel)
    return offsets.map((offset) => {
      const row = found && (this.#one.get(found.id, offset) as unknown as EventRow | undefined)
      return row && toEvent(row)
    })
  }

  /** Halves the range again and again, as times grow with offsets but for jumps of the clock. */
  offsetBefore(app: string, channel: string, at: number): number {
    const found = this.#find(app, channel)
    if (found === undefined) return 0
    let [below, above] = [found.first - 1, found.head + 1]
    while (above - below > 1) {
      const middle = Math.floor((below + above) / 2)
      // What was trimmed meanwhile is older than anything that is held.
      const row = this.#time.get(found.id, middle) as { at: number } | undefined
      if (row === undefined || row.at < at) below = middle
      else above = middle
    }
    return below < found.first ? 0 : below
  }

  channels(app: string, options: PageOptions): (Top & { readonly channel: string })[] {
    const rows = this.#channels.iterate(app, start(options)) as Iterable<unknown> as Iterable<ChannelRow>
    return page(rows, options, 'name').map((row) => ({ channel: row.name, ...this.#top(app, row.name, row) }))
  }

  receipts(scopes: readonly string[]): (StoredReceipt | undefined)[] {
    return scopes.map((scope) => this.#receipts.find(scope))
  }

  record(app: string, table: string, key: string): RecordRow | undefined {
    return this.#record.get(app, table, key) as unknown as RecordRow | undefined
  }

  records(app: string, table: string, options: PageOptions): RecordRow[] {
    const rows = this.#records.iterate(app, table, start(options)) as Iterable<unknown> as Iterable<RecordRow>
    return page(rows, options, 'key')
  }

  query(statement: SqlStatement): Table {
    return this.#statements.table(statement)
  }

  #find(app: string, channel: string): ChannelRow | undefined {
    return this.#channel.get(app, channel) as unknown as ChannelRow | undefined
  }

  #top(app: string, channel: string, row: ChannelRow | undefined): Top {
    return { epoch: epochOf(this.#seed, app, channel), head: row?.head ?? 0, first: row?.first ?? 1 }
  }
}

function toEvent({ offset, type, data, tags, id, author, at }: EventRow): StoredEvent {
  return {
    offset,
    type,
    data: data ?? 'null',
    at,
    ...(tags === null ? {} : { tags }),
    ...(id === null ? {} : { id }),
    ...(author === null ? {} : { by: author }),
    ...(data === null ? { redacted: true } : {}),
  }
}

/** The lowest name that can be on a page. */
function start({ prefix = '', after = '' }: PageOptions): string {
  return Buffer.compare(Buffer.from(prefix), Buffer.from(after)) > 0 ? prefix : after
}

/** The rows of a page, given all rows from its start, in order. Names with a prefix follow one another. */
function page<Name extends string, Row extends Readonly<Record<Name, string>>>(
  rows: Iterable<Row>,
  { prefix = '', after, limit }: PageOptions,
  name: Name,
): Row[] {
  const found: Row[] = []
  if (limit <= 0) return found
  for (const row of rows) {
    if (row[name] === after) continue
    if (!row[name].startsWith(prefix)) break
    found.push(row)
    if (found.length === limit) break
  }
  return found
}
