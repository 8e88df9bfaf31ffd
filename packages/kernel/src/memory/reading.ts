import { ParleyError } from '@parley/protocol'
import { type EventLog, maxPicked } from '../ports/event-log.ts'
import type { ChannelLog } from './channel-log.ts'

/** Where the logs of channels are kept. */
export interface ChannelLogs {
  find(app: string, channel: string): ChannelLog | undefined
  /** The channels of an app that have a log, in order. */
  names(app: string): readonly string[]
  /** The epoch that a channel without a log will have. */
  epoch(app: string, channel: string): string
}

/** How an answer reaches the caller: at once, or after a simulated delay. */
export type Answer = <T>(read: () => T) => Promise<T>

/** The reading side of a log over logs in memory. */
export function readingSide(logs: ChannelLogs, answer: Answer): EventLog {
  const top = (app: string, channel: string) =>
    logs.find(app, channel)?.top ?? { epoch: logs.epoch(app, channel), head: 0, first: 1 }
  return {
    tops: (app, channels) => answer(() => channels.map((channel) => top(app, channel))),
    read: (app, channel, options) => answer(() => logs.find(app, channel)?.read(options) ?? []),
    readBackward: (app, channel, before, limit) =>
      answer(() => logs.find(app, channel)?.readBackward(before, limit) ?? []),
    pick: (app, channel, offsets) =>
      answer(() => {
        if (offsets.length > maxPicked) throw tooMany(offsets.length)
        const log = logs.find(app, channel)
        return offsets.map((offset) => log?.find(offset))
      }),
    offsetBefore: (app, channel, at) => answer(() => logs.find(app, channel)?.offsetBefore(at) ?? 0),
    trim: (app, channel, retention, now) => answer(() => logs.find(app, channel)?.trim(retention, now) ?? 1),
    redact: (app, channel, offset) => answer(() => logs.find(app, channel)?.redact(offset) ?? false),
    channels: (app, options) =>
      answer(() => namesPage(logs.names(app), options).map((channel) => ({ channel, ...top(app, channel) }))),
  }
}

function tooMany(count: number): ParleyError {
  return new ParleyError('bad_request', `${count} events were asked for; ${maxPicked} can be read at once.`)
}

export interface PageOptions {
  readonly prefix?: string
  readonly after?: string
  readonly limit: number
}

/** Names that begin with `prefix` and lie after `after`, of names in order. */
function namesPage(names: readonly string[], { prefix = '', after, limit }: PageOptions): readonly string[] {
  let from = firstNotBelow(names, after !== undefined && after > prefix ? after : prefix)
  if (names[from] === after) from += 1
  const found = names.slice(from, from + limit)
  const end = found.findIndex((name) => !name.startsWith(prefix))
  return end < 0 ? found : found.slice(0, end)
}

/** Index of the first name that is not below `text`, of names in order. */
export function firstNotBelow(names: readonly string[], text: string): number {
  let [low, high] = [0, names.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((names[middle] as string) < text) low = middle + 1
    else high = middle
  }
  return low
}

/** Entries with a key that begins with `prefix` and lies after `after`, in order of the keys. */
export function page<T>(
  entries: Iterable<readonly [key: string, value: T]>,
  { prefix = '', after, limit }: PageOptions,
): (readonly [key: string, value: T])[] {
  return [...entries]
    .filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .slice(0, limit)
}
