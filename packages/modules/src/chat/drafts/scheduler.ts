import type { ModuleServices, Timer } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { draftsOf } from '../channel-names.ts'
import { listOf, sql } from '../rows.ts'
import { readTexts } from './drafts-channel.ts'
import { maxAttempts, Postponed } from './postponed.ts'
import type { DueListener } from './scheduled-handlers.ts'
import { type Scheduled, scheduledRows, toScheduled } from './scheduled-rows.ts'
import { sendScheduledInput, sendScheduledJob } from './send-scheduled.ts'

/** Messages that are sent at the same time; those of one conversation and author one after the other. */
const batch = 50
/** The clock on the wall may jump: how long a due time is trusted. */
const maxSleepMs = 60_000
/** After a round that failed as a whole: the store cannot be read, or not be written. */
const pauseMs = 5_000
const never = Number.POSITIVE_INFINITY

/**
 * Sends scheduled messages when they are due: each as its author, with the rights of that moment, and once. A message
 * is claimed before it is sent, so that it cannot be called back any more, and is sent under an id that follows from
 * its place: whatever happens in between, the next round or the next start sends the same message again, which is the
 * same message.
 */
export class Scheduler implements DueListener {
  #services: ModuleServices | undefined
  #timer: Timer | undefined
  #wakeAt = never
  #round: Promise<void> | undefined
  #isStopped = false
  readonly #postponed = new Postponed()

  /** Begins with what became due while the node was away. */
  start(services: ModuleServices): void {
    this.#services = services
    this.#wake(services.clock.now())
  }

  noteDue(dueAt: number): void {
    if (dueAt >= this.#wakeAt) return
    if (this.#round === undefined) this.#wake(dueAt)
    else this.#wakeAt = dueAt
  }

  /** Fulfilled when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#round
  }

  #wake(at: number): void {
    if (this.#services === undefined || this.#isStopped) return
    const { clock } = this.#services
    this.#timer?.cancel()
    this.#wakeAt = at
    const delayMs = Math.min(Math.max(at - clock.now(), 0), maxSleepMs)
    this.#timer = clock.after(delayMs, () => this.#beginRound(this.#services as ModuleServices))
  }

  #beginRound(services: ModuleServices): void {
    this.#wakeAt = never
    this.#round = this.#sendDue(services)
      .catch((error: unknown) => {
        services.log.warn('Scheduled messages wait.', { error: String(error) })
        return services.clock.now() + pauseMs
      })
      .then((next) => {
        this.#round = undefined
        // Or what was scheduled meanwhile, if it is sooner.
        const at = Math.min(next, this.#wakeAt)
        if (Number.isFinite(at)) this.#wake(at)
      })
  }

  /** Sends what is due; answers when the next one is. */
  async #sendDue(services: ModuleServices): Promise<number> {
    while (!this.#isStopped) {
      const now = services.clock.now()
      const soonest = await this.#soonest(services, now)
      const due = soonest.filter(({ dueAt }) => dueAt <= now)
      if (due.length === 0) return Math.min(soonest[0]?.dueAt ?? never, this.#postponed.next(now))
      const claimed = await claim(services, due)
      await Promise.all([...byPlace(claimed).values()].map((some) => this.#sendInOrder(services, some)))
    }
    return never
  }

  async #soonest({ apps, query }: ModuleServices, now: number): Promise<readonly Scheduled[]> {
    const rows = await query(
      sql(
        `${scheduledRows} s.problem IS NULL AND s.app IN (SELECT value FROM json_each(?))
          AND s.app || char(10) || s.user || char(10) || s.id NOT IN (SELECT value FROM json_each(?))
          ORDER BY s.due_at, s.text_at LIMIT ${batch}`,
        listOf(apps),
        listOf(this.#postponed.waiting(now)),
      ),
    )
    return rows.map(toScheduled)
  }

  async #sendInOrder(services: ModuleServices, messages: readonly Scheduled[]): Promise<void> {
    for (const message of messages) if (!this.#isStopped) await this.#send(services, message)
  }

  async #send(services: ModuleServices, message: Scheduled): Promise<void> {
    const { app, user, channel, thread, textAt } = message
    try {
      const texts = await services.run(app, (ctx) => readTexts(ctx, user, [textAt]))
      const text = texts.get(textAt)
      if (text === undefined) throw new ParleyError('not_found', 'Its text is gone.')
      const id = `scheduled-${textAt}`
      const input = { channel, id, text, ...(thread === 0 ? {} : { thread }) }
      await services.call({ app, user, role: 'user', grants: [] }, 'chat.send', input)
      await finish(services, message, undefined)
      this.#postponed.settle(keyOf(message))
    } catch (error) {
      await this.#refused(services, message, error)
    }
  }

  async #refused(services: ModuleServices, message: Scheduled, error: unknown): Promise<void> {
    const { log } = services
    const cause = error instanceof ParleyError ? error : new ParleyError('internal')
    if (!(error instanceof ParleyError))
      log.error('A scheduled message could not be sent.', { app: message.app, error: String(error) })
    if (cause.retryable && this.#postpone(services, message, cause.retryAfterMs)) return
    try {
      // What the author has to mend is shown to the author; what failed here, to who runs the server as well.
      const isOurs = cause.retryable || cause.code === 'internal'
      await finish(services, message, cause.message, isOurs ? cause : undefined)
      this.#postponed.settle(keyOf(message))
    } catch (failure) {
      log.warn('A scheduled message waits.', { app: message.app, error: String(failure) })
      this.#postpone(services, message, pauseMs)
    }
  }

  #postpone({ clock }: ModuleServices, message: Scheduled, delayMs: number | undefined): boolean {
    return this.#postponed.add(keyOf(message), clock.now(), { delayMs, random: clock.random() })
  }
}

function keyOf({ app, user, id }: Scheduled): string {
  return `${app}\n${user}\n${id}`
}

function byPlace(messages: readonly Scheduled[]): Map<string, Scheduled[]> {
  return Map.groupBy(messages, ({ app, user, channel }) => `${app}\n${user}\n${channel}`)
}

/** Takes hold of messages that still wait as they were found. Answers those. */
async function claim(services: ModuleServices, due: readonly Scheduled[]): Promise<readonly Scheduled[]> {
  const claimed: Scheduled[] = []
  for (const [app, some] of Map.groupBy(due, (message) => message.app)) {
    const places = JSON.stringify(some.map(({ user, id, textAt }) => [user, id, textAt]))
    const held = `(s.user, s.id, s.text_at) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))`
    await services.run(app, (ctx) =>
      ctx.write(sql(`UPDATE chat_scheduled AS s SET sending = 1 WHERE s.app = ? AND ${held}`, app, places)),
    )
    const rows = await services.query(
      sql(
        `${scheduledRows} s.app = ? AND s.sending = 1 AND ${held} ORDER BY s.due_at, s.text_at`,
        app,
        places,
      ),
    )
    claimed.push(...rows.map(toScheduled))
  }
  return claimed
}

/** Takes what was sent off the list, with its words; or keeps it there with the reason why it was not. */
async function finish(
  services: ModuleServices,
  message: Scheduled,
  problem: string | undefined,
  failure?: ParleyError,
): Promise<void> {
  const { app, user, id, textAt } = message
  await services.run(app, (ctx) => {
    const data = problem === undefined ? { id } : { id, problem }
    ctx.append({ channel: draftsOf(user), type: 'chat.unscheduled', data })
    if (failure !== undefined)
      ctx.jobs.bury({ job: sendScheduledJob, input: sendScheduledInput(message) }, failure, maxAttempts)
    if (problem === undefined) {
      ctx.write(sql('DELETE FROM chat_scheduled WHERE app = ? AND user = ? AND id = ?', app, user, id))
      ctx.redact(draftsOf(user), textAt)
    } else
      ctx.write(
        sql(
          'UPDATE chat_scheduled SET problem = ?, sending = 0 WHERE app = ? AND user = ? AND id = ?',
          ...[problem, app, user, id],
        ),
      )
  })
}
