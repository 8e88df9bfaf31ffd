import { ParleyError } from '@parley/protocol'
import { RealtimeError } from '../realtime-error.ts'
import type { RealtimeMessage } from '../realtime-message.ts'

export type MessagePriority = 'low' | 'normal' | 'high' | 'urgent'

/** A message as the service takes and gives it. */
export interface WebSocketMessage<Data = unknown> {
  readonly type: string
  readonly data: Data
  /** When the sender wrote it, by its own clock: ISO 8601. */
  readonly timestamp: string
  /** Default `normal`. */
  readonly priority?: MessagePriority
  readonly session_id?: string
  readonly agent_id?: string
  /** Who sent it. What arrives has the user that the server knows, whatever was written here. */
  readonly user_id?: string
  /** A key would be open to all on the way: a message that has one is refused. */
  readonly encryption_key?: string
  /** At most 256 characters of JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

const priorities: readonly unknown[] = ['low', 'normal', 'high', 'urgent']
const routing = ['session_id', 'agent_id'] as const
const longestTag = 256

/**
 * The fields beside type and data, as tags of an event.
 *
 * @throws RealtimeError `BAD_REQUEST` for a message that is none
 */
export function tagsOf(message: WebSocketMessage): Readonly<Record<string, string>> {
  const { type, timestamp, priority, metadata } = message
  if (typeof type !== 'string' || type === '') throw badMessage('`type` is a text that says what it is')
  if (typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp)))
    throw badMessage('`timestamp` is a time such as `new Date().toISOString()`')
  if (priority !== undefined && !priorities.includes(priority))
    throw badMessage('`priority` is `low`, `normal`, `high` or `urgent`')
  const tags: Record<string, string> = { timestamp }
  for (const name of routing) {
    const value = message[name]
    if (value === undefined) continue
    if (typeof value !== 'string' || value.length > longestTag)
      throw badMessage(`\`${name}\` is a text of at most ${longestTag} characters`)
    tags[name] = value
  }
  return metadata === undefined ? tags : { ...tags, metadata: metadataText(metadata) }
}

function metadataText(metadata: unknown): string {
  const isRecord = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)
  const text = isRecord ? JSON.stringify(metadata) : undefined
  if (text === undefined || text.length > longestTag)
    throw badMessage(
      `\`metadata\` is an object of at most ${longestTag} characters of JSON; more goes into data`,
    )
  return text
}

function badMessage(rule: string): RealtimeError {
  return RealtimeError.from(new ParleyError('bad_request', `The message was not sent: ${rule}.`))
}

/** What arrived, whoever sent it. */
export function received(message: RealtimeMessage): WebSocketMessage {
  const { payload, priority, sender, tags = {}, timestamp, type } = message
  const { session_id, agent_id } = tags
  const metadata = parsed(tags.metadata)
  const written = tags.timestamp
  return {
    ...{ type, data: payload, priority: known(priority) },
    timestamp:
      written === undefined || Number.isNaN(Date.parse(written))
        ? new Date(timestamp).toISOString()
        : written,
    ...(session_id === undefined ? {} : { session_id }),
    ...(agent_id === undefined ? {} : { agent_id }),
    ...(sender === undefined ? {} : { user_id: sender }),
    ...(metadata === undefined ? {} : { metadata }),
  }
}

function known(priority: RealtimeMessage['priority']): MessagePriority {
  if (priority === 'critical') return 'urgent'
  return priority === 'background' ? 'low' : priority
}

/** Others may have written anything. */
function parsed(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return value as Record<string, unknown>
  } catch {
    return undefined
  }
}
