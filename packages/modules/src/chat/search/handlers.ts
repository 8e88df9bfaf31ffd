import type { Context } from '@parley/kernel'
import { type CommandParsed, ParleyError } from '@parley/protocol'
import { requireUser } from '../caller.ts'
import { conversationId } from '../channel-names.ts'
import type { chat } from '../contract.ts'
import { assembleMessages, type Message } from '../messages/assemble.ts'
import type { ChatHandlers } from '../parts.ts'
import { sql } from '../rows.ts'
import {
  type Candidates,
  countPostings,
  findCandidates,
  type Lookup,
  maxCounted,
  type Reach,
} from './candidates.ts'
import { type Confirmed, confirm } from './confirm.ts'
import { type Found, fromCursor, toCursor, upTo } from './cursor.ts'
import { filterTerms, termDigest } from './postings.ts'
import { parseQuery, type Wanted } from './query.ts'
import type { WordSecret } from './word-secret.ts'

type Input = CommandParsed<(typeof chat.commands)['search']>

/**
 * Postings that the queries of one call look at, one after the other: what is common is found nearby. Behind the last
 * one the caller goes on with the cursor.
 */
const looks = [1_000, 2_500, 5_000, 5_000] as const
/** Conversations among which a look divides its postings; the division that reaches farthest back is taken. */
const divisions = [1, 6, 40, 250] as const
/** Postings that are looked at of each room at least. */
const minPostings = 10
/** Messages whose text one call reads before it looks no further. */
const maxRead = 500
/** Texts read at once, at most. */
const readAtOnce = 100

/** The handler of search. */
export function searchHandlers(secret: () => WordSecret): ChatHandlers<'search'> {
  return {
    search: async (ctx, input) => {
      const user = requireUser(ctx)
      const wanted = parseQuery(input.text)
      const terms = [...wanted.terms, ...filtersOf(input)]
      if (terms.length === 0 && !hasRange(input))
        throw new ParleyError(
          'chat.nothing_to_look_for',
          'Give a word of at least one letter or digit, or a filter.',
        )
      const look = {
        rooms: await readRooms(ctx, user, input.channel),
        digests: (terms.length === 0 ? [filterTerms.any] : terms).map((term) => termDigest(secret(), term)),
        since: input.since ?? 0,
      }
      const { confirmed, next } = await find(ctx, look, wanted, input)
      const messages = await assemble(ctx, user, confirmed)
      return {
        messages,
        words: [...wanted.words],
        ...(next === undefined ? {} : { next: toCursor(next) }),
      }
    },
  }
}

function filtersOf({ author, mentions, has }: Input): string[] {
  return [
    ...(author === undefined ? [] : [filterTerms.author(author)]),
    ...(mentions === undefined ? [] : [filterTerms.mentions(mentions)]),
    ...(has === undefined ? [] : [filterTerms.has(has)]),
  ]
}

function hasRange({ channel, since, until }: Input): boolean {
  return channel !== undefined || since !== undefined || until !== undefined
}

/** The conversations that are looked in: what the caller may read. */
async function readRooms(ctx: Context, user: string, channel: string | undefined): Promise<number[]> {
  if (channel !== undefined) await ctx.require('read', channel)
  const rows = await ctx.query(
    channel === undefined
      ? sql('SELECT conv FROM chat_members WHERE app = ? AND user = ?', ctx.app, user)
      : sql('SELECT conv FROM chat_conversations WHERE app = ? AND id = ?', ctx.app, conversationId(channel)),
  )
  return rows.map(({ conv }) => Number(conv))
}

interface Page {
  readonly confirmed: readonly Confirmed[]
  /** Behind it there may be more. */
  readonly next: Found | undefined
}

async function find(ctx: Context, look: Lookup, wanted: Wanted, input: Input): Promise<Page> {
  let before: Found | undefined = input.after === undefined ? upTo(input.until) : fromCursor(input.after)
  const { digests, count } = await rarestFirst(ctx, look, before)
  if (count === 0 || look.rooms.length === 0) return { confirmed: [], next: undefined }
  const confirmed: Confirmed[] = []
  let unread = maxRead
  for (const postings of looks) {
    if (before === undefined || unread <= 0) break
    const reach = reachOf(postings, count, look.rooms.length, input.limit)
    const candidates: Candidates = await findCandidates(ctx, { ...look, digests }, before, reach)
    before = candidates.next
    for (const some of portions(candidates.found, input.limit + 1 - confirmed.length)) {
      confirmed.push(...(await confirm(ctx, some, wanted)))
      if (confirmed.length > input.limit) return cut(confirmed, input.limit)
    }
    unread -= candidates.found.length
  }
  return { confirmed, next: before }
}

/** As few as may do, then more at once. */
function* portions(found: readonly Found[], first: number): Generator<readonly Found[]> {
  let size = first
  for (let start = 0; start < found.length; start += size, size = Math.min(size * 2, readAtOnce))
    yield found.slice(start, start + size)
}

function cut(confirmed: readonly Confirmed[], limit: number): Page {
  const page = confirmed.slice(0, limit)
  const last = page.at(-1)
  return { confirmed: page, next: last && { at: last.row.at, conv: last.conv, seq: last.row.seq } }
}

/** One digest alone needs no counting. */
async function rarestFirst(ctx: Context, look: Lookup, before: Found) {
  if (look.digests.length === 1) return { digests: look.digests, count: undefined }
  const counted = await countPostings(ctx, look, before)
  return { digests: counted.map(({ digest }) => digest), count: counted[0]?.count ?? 0 }
}

function reachOf(postings: number, count: number | undefined, all: number, limit: number): Reach {
  // Whatever is newest of all lies in as many rooms as are wanted, and in each among as many.
  if (count === undefined) return [{ rooms: limit + 1, postings: limit + 1 }]
  if (count <= maxCounted) return [{ rooms: all, postings: maxCounted + 1 }]
  const rooms = new Set(divisions.map((division) => Math.min(division, all)))
  return [...rooms].map((some) => ({
    rooms: some,
    postings: Math.max(Math.floor(postings / some), minPostings),
  }))
}

async function assemble(ctx: Context, user: string, confirmed: readonly Confirmed[]): Promise<Message[]> {
  const groups = [...Map.groupBy(confirmed, ({ conv }) => conv).values()]
  const assembled = await Promise.all(
    groups.map((group) => {
      const { conv, channel } = group[0] as Confirmed
      const rows = group.map(({ row }) => row)
      return assembleMessages(ctx, { conv, channel }, rows, user)
    }),
  )
  const byPlace = new Map(assembled.flat().map((message) => [`${message.channel}\n${message.seq}`, message]))
  return confirmed.flatMap(({ channel, row }) => byPlace.get(`${channel}\n${row.seq}`) ?? [])
}
