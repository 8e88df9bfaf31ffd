import type { ChannelEvent, Priority } from '@parley/protocol'

/** Messages by type, with their payloads. Default: any type, with a payload that nothing is known of. */
export type RealtimeMessages = Readonly<Record<string, unknown>>

/** The names of messages. */
export type RealtimeType<Messages extends object> = keyof Messages & string

/** A message as handlers get it. */
export interface RealtimeMessage<Type extends string = string, Payload = unknown> {
  /** The same at every receiver, and in the answer to `send`. */
  readonly id: string
  readonly type: Type
  readonly payload: Payload
  /** The room that it was sent to; absent for what was sent to everyone. */
  readonly roomId?: string
  readonly priority: Priority
  /** When the server took it, in ms since 1970. */
  readonly timestamp: number
  /** Of this form of a message. */
  readonly version: 1
  /** The user who sent it; absent for back ends. */
  readonly sender?: string
  /** What the sender attached; absent for nothing. */
  readonly tags?: Readonly<Record<string, string>>
}

/** Where a message came to stand. */
export interface SentMessage {
  readonly id: string
  /** Its place among the messages of its room: one higher each. */
  readonly offset: number
}

/** What goes over the wire. */
export interface OutgoingMessage {
  readonly channel: string
  readonly type: string
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>>
}

const priorities: ReadonlySet<string> = new Set<Priority>([
  'critical',
  'urgent',
  'high',
  'normal',
  'low',
  'background',
])

/** A message as an event of a channel: the payload is its data, the priority a tag where it is not the usual one. */
export function outgoing(
  channel: string,
  type: string,
  payload: unknown,
  { priority, tags: given }: { readonly priority: Priority; readonly tags?: OutgoingMessage['tags'] },
): OutgoingMessage {
  const tags = { ...given, ...(priority === 'normal' ? {} : { priority }) }
  return {
    ...{ channel, type, data: payload ?? null },
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  }
}

/** The message that an event of a channel is; whoever published it. */
export function messageOf({ id, type, data, at, by, tags }: ChannelEvent, roomId?: string): RealtimeMessage {
  const { priority = 'normal', ...rest } = tags ?? {}
  return {
    ...{ id, type, payload: data, timestamp: at, version: 1 },
    priority: priorities.has(priority) ? (priority as Priority) : 'normal',
    ...(roomId === undefined ? {} : { roomId }),
    ...(by === undefined ? {} : { sender: by }),
    ...(Object.keys(rest).length === 0 ? {} : { tags: rest }),
  }
}
