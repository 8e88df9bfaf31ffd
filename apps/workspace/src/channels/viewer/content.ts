import type { ChannelEvent } from '@parley/client'

/** What an event is to a reader. */
export type Content =
  | { readonly kind: 'text'; readonly text: string }
  /** Not from a person: type and data as they are. */
  | { readonly kind: 'data'; readonly type: string; readonly json: string }
  | { readonly kind: 'redacted' }

/** What a message of this application carries. */
export interface MessageData {
  readonly text: string
}

/** Reads an event of any publisher: nothing about its data is certain. */
export function contentOf({
  type,
  data,
  redacted,
}: Partial<ChannelEvent> & Pick<ChannelEvent, 'type' | 'data'>): Content {
  if (redacted === true) return { kind: 'redacted' }
  const text = typeof data === 'string' ? data : (data as { readonly text?: unknown } | null)?.text
  if (type === 'message' && typeof text === 'string') return { kind: 'text', text }
  return { kind: 'data', type, json: JSON.stringify(data, undefined, 2) ?? 'null' }
}

const encoder = new TextEncoder()

/** Bytes of JSON that a text takes up as a message: what the limit of a kind counts. */
export function sizeOf(text: string): number {
  const data: MessageData = { text }
  return encoder.encode(JSON.stringify(data)).length
}
