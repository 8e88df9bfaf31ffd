import type { Clock, Context, Logger, ModuleServices, RecordRow, Timer } from '@parley/kernel'
import { type Notice, type Parcel, type Subject, tally, type Webhook, type WebhookEvent } from './model.ts'
import { changeEvent, keyOf, noticeEvent, subjectOf, tallied } from './rules.ts'

export const parcelTable = 'pusher.parcels'
const tallyTable = 'pusher.tallies'
const day = 86_400_000
/** Dead letters are kept for 30 days: what they refer to is too. */
const parcelMs = 31 * day
/** Changes that are told in one unit, and events in one webhook. */
const maxBatch = 100
/** Changes that wait to be told. Above, the oldest are told late, at the next look at all tallies. */
const maxWaiting = 100_000
const gatherMs = 50

interface Local {
  readonly subject: Subject
  isThere: boolean
  /** Runs until a subject that has left is taken for gone. */
  timer: Timer | undefined
}

export interface NoticesParts {
  readonly app: string
  readonly hooks: readonly Webhook[]
  readonly vacatedDelayMs: number
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  readonly run: ModuleServices['run']
  readonly dropped: (count: number) => void
}

/**
 * Makes webhooks of what happens on this node, in one app. Channels and members are tallied in the store, by node: the
 * first node on which one is, and the last one that it leaves, are told of, once for all nodes and over restarts.
 */
export class Notices {
  readonly #parts: NoticesParts
  readonly #locals = new Map<string, Local>()
  readonly #changed = new Set<string>()
  #events: WebhookEvent[] = []
  #timer: Timer | undefined
  #isFlushing = false
  #isStopped = false

  constructor(parts: NoticesParts) {
    this.#parts = parts
  }

  note(notice: Notice): void {
    if (this.#isStopped) return
    if (notice.type === 'occupancy') this.#seen({ channel: notice.channel, user: undefined }, notice.isThere)
    else if (notice.type === 'member')
      this.#seen({ channel: notice.channel, user: notice.user }, notice.isThere)
    else this.#tell(noticeEvent(notice) as WebhookEvent)
  }

  #tell(event: WebhookEvent): void {
    if (this.#events.length >= maxWaiting) {
      this.#parts.dropped(1)
      return
    }
    this.#events.push(event)
    this.#soon()
  }

  /** Who leaves may be about to come back: a page that is loaded anew, a connection that broke. */
  #seen(subject: Subject, isThere: boolean): void {
    const key = keyOf(subject)
    const local = this.#locals.get(key) ?? { subject, isThere: false, timer: undefined }
    this.#locals.set(key, local)
    local.timer?.cancel()
    local.timer = undefined
    local.isThere = isThere
    if (isThere) this.#changes(key)
    else
      local.timer = this.#parts.clock.after(this.#parts.vacatedDelayMs, () => {
        local.timer = undefined
        this.#changes(key)
      })
  }

  #changes(key: string): void {
    this.#changed.add(key)
    this.#soon()
  }

  #soon(delayMs = gatherMs): void {
    if (this.#isStopped || this.#isFlushing) return
    this.#timer ??= this.#parts.clock.after(delayMs, () => {
      this.#timer = undefined
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true
    const keys = [...this.#changed].slice(0, maxBatch)
    const events = this.#events.slice(0, maxBatch)
    let delayMs = gatherMs
    try {
      await this.#parts.run(this.#parts.app, (ctx) => this.#write(ctx, keys, events), { order: 'pusher' })
      for (const key of keys) this.#settled(key)
      this.#events = this.#events.slice(events.length)
    } catch (error) {
      // Nothing was told: it is told later.
      delayMs = 1_000 + this.#parts.clock.random() * 1_000
      if (!this.#isStopped)
        this.#parts.log.warn('Webhooks wait.', { app: this.#parts.app, error: String(error) })
    }
    this.#isFlushing = false
    if (this.#changed.size + this.#events.length > 0) this.#soon(delayMs)
  }

  #settled(key: string): void {
    this.#changed.delete(key)
    const local = this.#locals.get(key)
    if (local !== undefined && !local.isThere && local.timer === undefined) this.#locals.delete(key)
  }

  async #write(ctx: Context, keys: readonly string[], events: readonly WebhookEvent[]): Promise<void> {
    const { node } = this.#parts
    const changes: WebhookEvent[] = []
    for (const key of keys) {
      const local = this.#locals.get(key)
      if (local === undefined) continue
      const row = await ctx.record(tallyTable, key)
      const before = nodesOf(row)
      // Who is about to be taken for gone is still there.
      const isThere = local.isThere || local.timer !== undefined
      changes.push(...write(ctx, { key, row, before, after: tallied(before, node, isThere) }))
    }
    this.#send(ctx, [...changes, ...events])
  }

  #send(ctx: Context, events: readonly WebhookEvent[]): void {
    const { app, hooks, clock } = this.#parts
    for (const { url, events: wanted } of hooks) {
      const meant = events.filter(({ name }) => wanted === undefined || wanted.includes(name))
      if (meant.length === 0) continue
      const body = JSON.stringify({ time_ms: clock.now(), events: meant })
      const id = clock.secret(96)
      const value: Parcel = { app, url, body }
      const expiresAt = clock.now() + parcelMs
      ctx.write({ table: parcelTable, key: id, value: JSON.stringify(value), expiresAt })
      ctx.jobs.request({ job: 'pusher.webhook', input: { id } })
    }
  }

  /**
   * Takes nodes that are gone out of all tallies, and tells of what was nowhere else. `nodes`: those that are there.
   */
  async sweep(nodes: readonly string[]): Promise<void> {
    const { app, run } = this.#parts
    for (let after: string | undefined; ; ) {
      const from = after
      const rows = await run(app, (ctx) => this.#sweepPage(ctx, nodes, from), { order: 'pusher' })
      if (rows < maxBatch || this.#isStopped) return
      after = this.#sweptTo
    }
  }

  #sweptTo: string | undefined

  async #sweepPage(ctx: Context, nodes: readonly string[], after: string | undefined): Promise<number> {
    const rows = await ctx.records(tallyTable, {
      limit: maxBatch,
      ...(after === undefined ? {} : { after }),
    })
    const changes = rows.flatMap((row) => {
      const before = nodesOf(row)
      const left = before.filter((node) => nodes.includes(node))
      return left.length === before.length ? [] : write(ctx, { key: row.key, row, before, after: left })
    })
    this.#sweptTo = rows.at(-1)?.key
    this.#send(ctx, changes)
    return rows.length
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    for (const { timer } of this.#locals.values()) timer?.cancel()
  }
}

function nodesOf(row: RecordRow | undefined): readonly string[] {
  return row === undefined ? [] : tally.parse(JSON.parse(row.value))
}

/** Writes a tally; answers what has to be told. */
function write(
  ctx: Context,
  change: {
    readonly key: string
    readonly row: RecordRow | undefined
    readonly before: readonly string[]
    readonly after: readonly string[]
  },
): readonly WebhookEvent[] {
  const { key, row, before, after } = change
  if (before.length === after.length && before.every((node) => after.includes(node))) return []
  ctx.assert({ table: tallyTable, key, version: row?.version ?? 0 })
  ctx.write({ table: tallyTable, key, value: after.length === 0 ? null : JSON.stringify(after) })
  if (before.length > 0 === after.length > 0) return []
  return [changeEvent(subjectOf(key), after.length > 0)]
}
