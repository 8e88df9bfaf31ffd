import {
  type Context,
  implement,
  type Job,
  job,
  type Module,
  type ModuleServices,
  type Timer,
} from '@parley/kernel'
import { type ChannelEvent, ParleyError, type StateEntry } from '@parley/protocol'
import { z } from 'zod'
import { pusher as contract } from './contract.ts'
import { type Notice, parcel, type Webhook } from './model.ts'
import { Notices, parcelTable } from './notices.ts'

export { type Webhook, webhookEventNames } from './model.ts'

/** Delivers a webhook. Throws when it has not arrived. */
export type WebhookSender = (
  to: { readonly app: string; readonly url: string },
  body: string,
) => Promise<void>

export interface PusherModuleOptions {
  readonly webhooks?: readonly Webhook[]
  readonly send?: WebhookSender
  /** A channel or member that is gone is told of after so long, unless it is back by then. Default 3 s. */
  readonly vacatedDelayMs?: number
  /** Ids of the nodes that are there, as far as known. */
  readonly nodes?: () => readonly string[]
  /** How long after a start what an earlier process left is taken for gone. Default 15 s. */
  readonly restartGraceMs?: number
}

/** An event that a client or back end of Pusher publishes. */
export interface PusherPublication {
  readonly channel: string
  readonly type: string
  readonly data: unknown
  readonly by?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** What the transport has done by the node; see the port of the transport. */
export interface PusherDesk {
  publish(app: string, events: readonly PusherPublication[], order: string): Promise<void>
  state(app: string, channel: string): Promise<readonly StateEntry[]>
  recent(
    app: string,
    channel: string,
    query: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<readonly ChannelEvent[]>
  note(app: string, notice: Notice): void
}

export interface PusherModule extends Module {
  readonly desk: PusherDesk
}

const sweepMs = 30_000

/** Module `pusher`: publishes what comes by that wire, and tells back ends of channels and members by webhooks. */
export function pusherModule(options: PusherModuleOptions = {}): PusherModule {
  const running = new Running(options)
  const module = implement(contract, {
    handlers: {},
    jobs: { webhook: webhookJob(options) },
    start: (services) => running.start(services),
    stop: () => running.stop(),
  })
  return { ...module, desk: running }
}

class Running implements PusherDesk {
  readonly #options: PusherModuleOptions
  readonly #notices = new Map<string, Notices>()
  #services: ModuleServices | undefined
  #timer: Timer | undefined

  constructor(options: PusherModuleOptions) {
    this.#options = options
  }

  start(services: ModuleServices): void {
    const { webhooks = [], vacatedDelayMs = 3_000, restartGraceMs = 15_000 } = this.#options
    const { clock, log, node, apps, run } = services
    this.#services = services
    for (const app of apps) {
      const hooks = webhooks.filter((hook) => hook.app === app)
      if (hooks.length === 0) continue
      const dropped = (count: number) =>
        log.warn('Webhook events were dropped: too many wait.', { app, count })
      this.#notices.set(app, new Notices({ app, hooks, vacatedDelayMs, node, clock, log, run, dropped }))
    }
    if (this.#notices.size > 0) this.#sweepIn(restartGraceMs)
  }

  #sweepIn(delayMs: number): void {
    const { clock, log, node } = this.#running()
    this.#timer = clock.after(delayMs, () => {
      const nodes = [node, ...(this.#options.nodes?.() ?? [])]
      void Promise.all([...this.#notices.values()].map((notices) => notices.sweep(nodes)))
        .catch((error: unknown) => log.warn('Tallies could not be looked at.', { error: String(error) }))
        .finally(() => {
          if (this.#timer !== undefined) this.#sweepIn(sweepMs)
        })
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const notices of this.#notices.values()) notices.stop()
  }

  #running(): ModuleServices {
    if (this.#services === undefined) throw new ParleyError('unavailable', 'The node has not started.')
    return this.#services
  }

  async publish(app: string, events: readonly PusherPublication[], order: string): Promise<void> {
    await this.#running().run(
      app,
      (ctx) => {
        for (const event of events) ctx.append(event)
      },
      { order },
    )
  }

  async state(app: string, channel: string): Promise<readonly StateEntry[]> {
    return this.#running().run(app, (ctx) => stateOf(ctx, channel))
  }

  async recent(
    app: string,
    channel: string,
    { limit, before }: { readonly limit: number; readonly before?: number | undefined },
  ): Promise<readonly ChannelEvent[]> {
    return this.#running().run(app, async (ctx) => {
      const { events } = await ctx.channels.history({ channel, limit, before })
      return events
    })
  }

  note(app: string, notice: Notice): void {
    this.#notices.get(app)?.note(notice)
  }
}

async function stateOf(ctx: Context, channel: string): Promise<readonly StateEntry[]> {
  await ctx.channels.gather(channel)
  const all: StateEntry[] = []
  let after: string | undefined
  do {
    const { entries, next } = ctx.channels.state(channel, after)
    all.push(...entries)
    after = next
  } while (after !== undefined)
  return all
}

function webhookJob({ send }: PusherModuleOptions): Job {
  return job<{ id: string }>({
    summary: 'Delivers a webhook of Pusher.',
    input: z.strictObject({ id: z.string().min(1) }),
    // About five minutes in all, as Pusher does.
    retry: { maxRetries: 10, baseMs: 1_000, capMs: 60_000 },
    run: async (ctx, { id }) => {
      const row = await ctx.record(parcelTable, id)
      if (row === undefined) return
      const { app, url, body } = parcel.parse(JSON.parse(row.value))
      if (send === undefined) throw new ParleyError('not_found', 'No webhooks are configured any more.')
      await send({ app, url }, body)
      ctx.write({ table: parcelTable, key: id, value: null })
    },
  })
}
