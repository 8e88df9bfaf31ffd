import { type ChannelEvent, type EventsFrame, expandEvents, ParleyError } from '@parley/protocol'
import { z } from 'zod'

/** How urgent a message is; `critical` ones do not wait for a batch. */
export type MessagePriority = 'critical' | 'high' | 'normal' | 'low'

/** What an application sends and gets. */
export interface RealtimeMessage {
  readonly type: string
  readonly payload?: unknown
  readonly roomId?: string
  readonly priority?: MessagePriority
}

const messageSchema = z.object({
  type: z.string().min(1).max(100),
  payload: z.unknown().optional(),
  roomId: z.string().min(1).max(190).optional(),
  priority: z.enum(['critical', 'high', 'normal', 'low']).optional(),
})

/**
 * Checks a message.
 *
 * @throws ParleyError `bad_request`
 */
export function checkedMessage(given: unknown): RealtimeMessage {
  const parsed = messageSchema.safeParse(given)
  if (parsed.success) return parsed.data as RealtimeMessage
  const [issue] = parsed.error.issues
  throw new ParleyError(
    'bad_request',
    `A message is { type, payload, roomId?, priority? }. ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  )
}

/**
 * Reads what a client sent.
 *
 * @throws ParleyError `bad_request`
 */
export function parsedMessage(text: string): RealtimeMessage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ParleyError('bad_request', 'A message is JSON: { type, payload, roomId?, priority? }.')
  }
  return checkedMessage(value)
}

/** A message as it goes to a connection. */
export interface OutgoingMessage {
  readonly text: string
  readonly isUrgent: boolean
}

const roomKind = 'rooms'

/** Channels behind the connections of a manager: of each room, of each connection, and one for all. */
export const channels = {
  kinds: { room: roomKind, everyone: 'broadcast', connection: 'connection' },
  room: (roomId: string) => `${roomKind}:${roomId}`,
  everyone: 'broadcast:all',
  connection: (id: string) => `connection:${id}`,
} as const

/** The messages of a frame, made once for all members of a channel, which are written to one after the other. */
export class FrameMessages {
  #text = ''
  #messages: readonly OutgoingMessage[] = []

  of(text: string, frame: () => EventsFrame, epoch: string): readonly OutgoingMessage[] {
    if (text !== this.#text) {
      this.#messages = expandEvents(frame(), epoch).map(asMessage)
      this.#text = text
    }
    return this.#messages
  }
}

function asMessage({ id, channel, type, data, at, tags }: ChannelEvent): OutgoingMessage {
  const roomId = channel.startsWith(`${roomKind}:`) ? channel.slice(roomKind.length + 1) : undefined
  const { priority } = tags ?? {}
  const text = JSON.stringify({
    ...{ id, type, payload: data, roomId, priority },
    timestamp: new Date(at).toISOString(),
  })
  return { text, isUrgent: priority === 'critical' }
}

/** A message of the manager itself. */
export function ownMessage(type: string, payload: unknown): OutgoingMessage {
  return { text: JSON.stringify({ type, payload, timestamp: new Date().toISOString() }), isUrgent: true }
}
