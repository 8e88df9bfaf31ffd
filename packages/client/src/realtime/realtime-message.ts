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
  readonly tags?: { readonly priority: Priority }
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
  priority: Priority,
): OutgoingMessage {
  return {
    ...{ channel, type, data: payload ?? null },
    ...(priority === 'normal' ? {} : { tags: { priority } }),
  }
}

/** The message that an event of a channel is; whoever published it. */
export function messageOf({ id, type, data, at, by, tags }: ChannelEvent, roomId?: string): RealtimeMessage {
  const priority = tags?.priority ?? 'normal'
  return {
    ...{ id, type, payload: data, timestamp: at, version: 1 },
    priority: priorities.has(priority) ? (priority as Priority) : 'normal',
    ...(roomId === undefined ? {} : { roomId }),
    ...(by === undefined ? {} : { sender: by }),
  }
}
