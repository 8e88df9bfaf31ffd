import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { conversationId, draftsOf } from '../channel-names.ts'
import { chatLimits } from '../model.ts'
import type { ChatHandlers } from '../parts.ts'
import { sql } from '../rows.ts'
import { maxAheadMs, readTexts } from './drafts-channel.ts'
import { type Scheduled, scheduledRows, toScheduled, waitingAssertion } from './scheduled-rows.ts'

const minAheadMs = 10_000
const idBits = 96

/** Whoever must know when a message is due. */
export interface DueListener {
  noteDue(dueAt: number): void
}

/** The handlers of messages that are sent later. */
export function scheduledHandlers(
  listener: DueListener,
): ChatHandlers<'schedule' | 'scheduled' | 'reschedule' | 'cancelScheduled'> {
  return { schedule: scheduling(listener), scheduled, reschedule: rescheduling(listener), cancelScheduled }
}

function scheduling(listener: DueListener): ChatHandlers<'schedule'>['schedule'] {
  return async (ctx, { channel, thread = 0, text, dueAt, id = ctx.clock.secret(idBits) }) => {
    const user = requireUser(ctx)
    const known = await find(ctx, user, id)
    if (known !== undefined) return planOf(known)
    checkTime(ctx, dueAt)
    const conv = await roomFor(ctx, user, channel)
    ctx.assert({
      ...sql('SELECT 1 FROM chat_scheduled WHERE app = ? AND user = ? AND id = ?', ctx.app, user, id),
      expect: 'none',
    })
    const plan = planOf({ id, channel, thread, dueAt })
    const event = announce(ctx, user, { ...plan, text })
    ctx.write({
      sql: `INSERT INTO chat_scheduled (app, user, id, conv, thread, due_at, text_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      parameters: [ctx.app, user, id, conv, thread, dueAt, { offsetOf: event }],
    })
    listener.noteDue(dueAt)
    return plan
  }
}

function rescheduling(listener: DueListener): ChatHandlers<'reschedule'>['reschedule'] {
  return async (ctx, { id, dueAt: wanted, text: given }) => {
    const user = requireUser(ctx)
    const known = await requireWaiting(ctx, user, id)
    const { channel, thread, textAt } = known
    if (wanted !== undefined || known.problem !== undefined) checkTime(ctx, wanted ?? known.dueAt)
    const dueAt = wanted ?? known.dueAt
    const text = given ?? (await readTexts(ctx, user, [textAt])).get(textAt)
    if (text === undefined)
      throw new ParleyError('not_found', `The text of the scheduled message \`${id}\` is gone. Give another.`)
    ctx.assert(waitingAssertion(known))
    const plan = planOf({ id, channel, thread, dueAt })
    const event = announce(ctx, user, { ...plan, text })
    ctx.write({
      sql: `UPDATE chat_scheduled SET due_at = ?, text_at = ?, problem = NULL WHERE app = ? AND user = ? AND id = ?`,
      parameters: [dueAt, { offsetOf: event }, ctx.app, user, id],
    })
    ctx.redact(draftsOf(user), textAt)
    listener.noteDue(dueAt)
    return plan
  }
}

const scheduled: ChatHandlers<'scheduled'>['scheduled'] = async (ctx) => {
  const user = requireUser(ctx)
  const rows = await ctx.query(
    sql(
      `${scheduledRows} s.app = ? AND s.user = ? ORDER BY s.due_at, s.id LIMIT ${chatLimits.scheduled}`,
      ctx.app,
      user,
    ),
  )
  const found = rows.map(toScheduled)
  const texts = await readTexts(
    ctx,
    user,
    found.map(({ textAt }) => textAt),
  )
  return {
    scheduled: found.map((one) => ({
      ...planOf(one),
      text: texts.get(one.textAt) ?? '',
      ...(one.problem === undefined ? {} : { problem: one.problem }),
    })),
  }
}

const cancelScheduled: ChatHandlers<'cancelScheduled'>['cancelScheduled'] = async (ctx, { id }) => {
  const user = requireUser(ctx)
  const known = await requireWaiting(ctx, user, id)
  ctx.assert(waitingAssertion(known))
  ctx.write(sql('DELETE FROM chat_scheduled WHERE app = ? AND user = ? AND id = ?', ctx.app, user, id))
  ctx.append({ channel: draftsOf(user), type: 'chat.unscheduled', data: { id } })
  ctx.redact(draftsOf(user), known.textAt)
  return {}
}

function planOf({ id, channel, thread, dueAt }: Pick<Scheduled, 'id' | 'channel' | 'thread' | 'dueAt'>) {
  return { id, channel, ...(thread === 0 ? {} : { thread }), dueAt }
}

function announce(ctx: Context, user: string, data: ReturnType<typeof planOf> & { text: string }): number {
  return ctx.append({ channel: draftsOf(user), type: 'chat.scheduled', data })
}

async function find(ctx: Context, user: string, id: string): Promise<Scheduled | undefined> {
  const [row] = await ctx.query(
    sql(`${scheduledRows} s.app = ? AND s.user = ? AND s.id = ?`, ctx.app, user, id),
  )
  return row === undefined ? undefined : toScheduled(row)
}

/** @throws ParleyError `not_found`, `chat.being_sent` */
async function requireWaiting(ctx: Context, user: string, id: string): Promise<Scheduled> {
  const found = await find(ctx, user, id)
  if (found === undefined) throw new ParleyError('not_found', `There is no scheduled message \`${id}\`.`)
  if (found.isSending)
    throw new ParleyError('chat.being_sent', 'It is being sent at this moment, and cannot be called back.')
  return found
}

/** The number of the conversation, if there is room for one more message. */
async function roomFor(ctx: Context, user: string, channel: string): Promise<number> {
  const [row] = await ctx.query(
    sql(
      `SELECT conv, (SELECT count(*) FROM chat_scheduled WHERE app = ?1 AND user = ?2) AS count
        FROM chat_conversations WHERE app = ?1 AND id = ?3`,
      ctx.app,
      user,
      conversationId(channel),
    ),
  )
  if (row === undefined) throw new ParleyError('not_found', `There is no conversation \`${channel}\`.`)
  if (Number(row.count) >= chatLimits.scheduled)
    throw new ParleyError(
      'chat.too_many_scheduled',
      `${row.count} messages are scheduled, as many as can be kept. Cancel some.`,
    )
  return Number(row.conv)
}

function checkTime(ctx: Context, dueAt: number): void {
  const aheadMs = dueAt - ctx.clock.now()
  if (aheadMs < minAheadMs || aheadMs > maxAheadMs)
    throw new ParleyError(
      'chat.bad_time',
      'A message is scheduled for at least 10 seconds and at most 366 days from now.',
    )
}
