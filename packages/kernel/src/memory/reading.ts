import type { EventLog } from '../ports/event-log.ts'
import type { ChannelLog } from './channel-log.ts'

/** Where the logs of channels are kept. */
export interface ChannelLogs {
  find(app: string, channel: string): ChannelLog | undefined
  /** Every log of an app. */
  all(app: string): Iterable<readonly [channel: string, log: ChannelLog]>
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
    offsetBefore: (app, channel, at) => answer(() => logs.find(app, channel)?.offsetBefore(at) ?? 0),
    trim: (app, channel, retention, now) => answer(() => logs.find(app, channel)?.trim(retention, now) ?? 1),
    redact: (app, channel, offset) => answer(() => logs.find(app, channel)?.redact(offset) ?? false),
    channels: (app, options) =>
      answer(() => page(logs.all(app), options).map(([channel, log]) => ({ channel, ...log.top }))),
  }
}

export interface PageOptions {
  readonly prefix?: string
  readonly after?: string
  readonly limit: number
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
