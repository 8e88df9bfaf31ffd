import type { Context, SqlStatement } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { inboxOf } from '../channel-names.ts'
import type { ChatHandlers } from '../parts.ts'
import { sql } from '../rows.ts'
import { markBack, marksForward, unmovedAssertion } from './markers.ts'
import {
  everyPlacedState,
  type PlacedState,
  type PlaceOf,
  type ReadState,
  stateWhenRead,
  stateWhenUnread,
  toPlacedState,
  toReadState,
  waitingStates,
} from './read-states.ts'
import { seenBy } from './seen-by.ts'

/** Threads that one answer names. */
const maxThreads = 500

/** How long a member's tick can be seen without asking, after they have read. */
const tickMs = 60_000

/** The handlers of read markers and unread counts. */
export function readingHandlers(): ChatHandlers<
  'markRead' | 'markUnread' | 'markAllRead' | 'unread' | 'seenBy' | 'settings' | 'setSettings'
> {
  return { ...marking, ...asking, seenBy }
}

const marking: ChatHandlers<'markRead' | 'markUnread' | 'markAllRead'> = {
  markRead: async (ctx, { channel, thread = 0, seq, version }) => {
    const user = requireUser(ctx)
    const read = await placedState(ctx, stateWhenRead({ app: ctx.app, user, channel, thread }, seq, version))
    const { conv, state, before } = read
    if (state.seq === before) return state
    const marking = { user, at: ctx.clock.now(), version: state.version }
    ctx.write(marksForward([{ conv, thread, seq: state.seq }], marking))
    tell(ctx, user, state)
    showTick(ctx, user, read)
    return state
  },

  markUnread: async (ctx, { channel, thread = 0, seq }) => {
    const user = requireUser(ctx)
    const of: PlaceOf = { app: ctx.app, user, channel, thread }
    const { conv, state, before, versionBefore } = await placedState(ctx, stateWhenUnread(of, seq))
    ctx.assert(unmovedAssertion({ conv, thread, seq: before }, { user, version: versionBefore }))
    ctx.write(markBack({ conv, thread, seq }, { user, at: ctx.clock.now() }))
    tell(ctx, user, state)
    return state
  },

  markAllRead: async (ctx) => {
    const user = requireUser(ctx)
    const all = (await ctx.query(everyPlacedState(ctx.app, user))).map(toPlacedState)
    const behind = all.filter(({ state }) => state.head > state.seq)
    if (behind.length > 0) {
      const marks = behind.map(({ conv, state }) => ({ conv, thread: state.thread ?? 0, seq: state.head }))
      ctx.write(marksForward(marks, { user, at: ctx.clock.now() }))
    }
    for (const placed of behind) {
      const state = { ...placed.state, seq: placed.state.head, unread: 0, mentions: 0 }
      tell(ctx, user, state)
      showTick(ctx, user, { ...placed, state })
    }
    const conversations = behind.filter(({ state }) => state.thread === undefined && state.unread > 0)
    return { conversations: conversations.length }
  },
}

const asking: ChatHandlers<'unread' | 'settings' | 'setSettings'> = {
  unread: async (ctx, { channel }) => {
    const rows = await ctx.query(waitingStates(ctx.app, requireUser(ctx), channel))
    const states = rows.map(toReadState)
    const waiting = states.filter(
      ({ thread, unread, mentions }) => thread !== undefined && unread + mentions > 0,
    )
    const conversations = states.filter(({ thread }) => thread === undefined)
    let total = 0
    let mentions = 0
    for (const state of states) {
      total += state.unread
      mentions += state.mentions
    }
    waiting.sort((one, other) => (other.lastAt ?? 0) - (one.lastAt ?? 0))
    return { conversations, threads: waiting.slice(0, maxThreads), total, mentions }
  },

  settings: async (ctx) => {
    const found = 'SELECT receipts FROM chat_settings WHERE app = ? AND user = ?'
    const [row] = await ctx.query(sql(found, ctx.app, requireUser(ctx)))
    return { receipts: row?.receipts !== 0 }
  },

  setSettings: (ctx, { receipts }) => {
    ctx.write(
      sql(
        `INSERT INTO chat_settings (app, user, receipts) VALUES (?, ?, ?)
          ON CONFLICT (app, user) DO UPDATE SET receipts = excluded.receipts`,
        ctx.app,
        requireUser(ctx),
        receipts ? 1 : 0,
      ),
    )
    return { receipts }
  },
}

/** @throws ParleyError `chat.not_a_member` */
async function placedState(ctx: Context, statement: SqlStatement): Promise<PlacedState> {
  const [row] = await ctx.query(statement)
  if (row === undefined)
    throw new ParleyError('chat.not_a_member', 'Only members have a marker. Join the conversation first.')
  return toPlacedState(row)
}

/** Tells all devices of the user. */
function tell(ctx: Context, user: string, state: ReadState): void {
  ctx.append({ channel: inboxOf(user), type: 'chat.read', data: state })
}

/** Lets the others see it, if they may. */
function showTick(ctx: Context, user: string, { isShown, state }: PlacedState): void {
  if (!isShown) return
  const { channel, thread, seq } = state
  const value = thread === undefined ? { seq } : { seq, thread }
  ctx.state.set({ channel, owner: user, name: 'read', value, ttlMs: tickMs })
}
