import type { Context, HistoryPage } from '@parley/kernel'
import type { ChannelEvent } from '@parley/protocol'
import type { FileRecord } from './model.ts'
import { channelOf } from './rules.ts'

/** Records by file. */
const filesTable = 'files'
/** Records by owner, the newest first; the value is what the file counts for. */
export const ownedTable = 'files.owned'
/** Records by the moment at which something has to be done about the file. */
const dueTable = 'files.due'

/** A file's record, and which version of it was read. */
export interface FoundFile {
  readonly record: FileRecord
  readonly version: number
}

/** What a file counts for: an empty one takes room too. */
export function weightOf(size: number): number {
  return Math.max(size, 4_096)
}

/** The record of a file; undefined when there is none. */
export async function findFile(ctx: Context, file: string): Promise<FoundFile | undefined> {
  const row = await ctx.record(filesTable, file)
  return row && { record: JSON.parse(row.value) as FileRecord, version: row.version }
}

/** Writes a record in place of the one that was read; the unit is refused when it was changed since. */
export function saveFile(
  ctx: Context,
  file: string,
  { before, after }: { readonly before?: FoundFile; readonly after: FileRecord },
): void {
  ctx.assert({ table: filesTable, key: file, version: before?.version ?? 0 })
  ctx.write({ table: filesTable, key: file, value: JSON.stringify(after) })
  if (before === undefined) {
    const value = String(weightOf(after.size))
    ctx.write({ table: ownedTable, key: ownedKey(file, after), value })
  }
  moveDue(ctx, file, before?.record.due, after.due)
}

/** Forgets a file. */
export function eraseFile(ctx: Context, file: string, { record, version }: FoundFile): void {
  ctx.assert({ table: filesTable, key: file, version })
  ctx.write({ table: filesTable, key: file, value: null })
  ctx.write({ table: ownedTable, key: ownedKey(file, record), value: null })
  moveDue(ctx, file, record.due, undefined)
}

/** Files about which something has to be done by now, the most urgent first; `next` goes on. */
export async function dueFiles(
  ctx: Context,
  now: number,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<{ readonly files: readonly string[]; readonly next: string | undefined }> {
  const rows = await ctx.records(dueTable, { limit, ...(after === undefined ? {} : { after }) })
  const due = rows.filter(({ key }) => Number(key.slice(0, momentDigits)) <= now)
  return {
    files: due.map(({ key }) => fileIn(key)),
    next: due.length === limit ? due.at(-1)?.key : undefined,
  }
}

/** Files of an owner, the newest first; `next` goes on. */
export async function ownFiles(
  ctx: Context,
  owner: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<{ readonly files: readonly string[]; readonly next: string | undefined }> {
  const prefix = `${owner}\n`
  const rows = await ctx.records(ownedTable, {
    ...{ prefix, limit },
    ...(after === undefined ? {} : { after: prefix + after }),
  })
  return {
    files: rows.map(({ key }) => fileIn(key.slice(prefix.length))),
    next: rows.length === limit ? rows.at(-1)?.key.slice(prefix.length) : undefined,
  }
}

const momentDigits = 14
const lastMoment = 10 ** momentDigits - 1

function moment(at: number): string {
  return String(at).padStart(momentDigits, '0')
}

function fileIn(key: string): string {
  return key.slice(momentDigits + 1)
}

function ownedKey(file: string, { owner, createdAt }: FileRecord): string {
  return `${owner}\n${moment(lastMoment - createdAt)}-${file}`
}

function moveDue(ctx: Context, file: string, before: number | undefined, after: number | undefined): void {
  if (before === after) return
  if (before !== undefined) ctx.write({ table: dueTable, key: `${moment(before)}-${file}`, value: null })
  if (after !== undefined) ctx.write({ table: dueTable, key: `${moment(after)}-${file}`, value: 'true' })
}

/** What a file's events say in words. */
export interface Words {
  readonly name: string
  readonly type?: string
  readonly purpose?: string
  readonly placeholder?: string
}

type Stage = 'begun' | 'finished'

/** Where an event of a file is, or a little behind. */
interface Place {
  readonly file: string
  readonly stage: Stage
  readonly offset: number
}

/** The words of files of one owner; what was redacted or is no longer held is missing. */
export async function readWords(
  ctx: Context,
  owner: string,
  files: readonly (readonly [file: string, record: FileRecord])[],
): Promise<ReadonlyMap<string, Words>> {
  const channel = channelOf(owner)
  const places = files.flatMap(([file, record]) => placesOf(file, record))
  const picked = await ctx.channels.pick(
    channel,
    places.map(({ offset }) => offset),
  )
  const words = new Map<string, Words>()
  for (const [index, place] of places.entries()) {
    const there = picked[index]
    const event = isAt(there, place) ? there : await find(ctx, channel, place, 1)
    if (event !== undefined) words.set(place.file, { ...words.get(place.file), ...(event.data as Words) })
  }
  return words
}

/** Offsets of the events that hold words of a file. */
export async function wordOffsets(
  ctx: Context,
  file: string,
  record: FileRecord,
): Promise<readonly number[]> {
  const channel = channelOf(record.owner)
  const events = await Promise.all(placesOf(file, record).map((place) => find(ctx, channel, place)))
  return events.flatMap((event) => (event === undefined ? [] : [event.offset]))
}

function placesOf(file: string, { begun, finished }: FileRecord): readonly Place[] {
  const first = { file, stage: 'begun', offset: begun } as const
  return finished === undefined ? [first] : [first, { file, stage: 'finished', offset: finished }]
}

// What another process appended at the same moment comes before it.
async function find(
  ctx: Context,
  channel: string,
  place: Place,
  pages = Number.POSITIVE_INFINITY,
): Promise<ChannelEvent | undefined> {
  let after: number | undefined = Math.max(place.offset - 1, 0)
  for (let page = 0; page < pages && after !== undefined; page++) {
    const history: HistoryPage = await ctx.channels.history({ channel, after, limit: 200 })
    const found = history.events.find((event) => isAt(event, place))
    if (found !== undefined) return found
    after = history.next
  }
  return undefined
}

function isAt(event: ChannelEvent | undefined, { file, stage }: Place): event is ChannelEvent {
  return event?.type === `files.${stage}` && (event.data as { file?: unknown } | null)?.file === file
}
