import { ParleyError } from '@parley/protocol'

/** The first line of a body: what the request is about. Secrets travel here, never in a URL. */
export interface Envelope {
  readonly link?: string
  readonly secret?: string
  /** Number of an uplink message: the one that opens a link has none, the next is 1. */
  readonly seq?: number
  /** Number of the newest answer to a poll that the client has. */
  readonly ack?: number
  /** How long a poll may be held, in ms. */
  readonly waitMs?: number
  /** How long the client lets pass between two polls, in ms. */
  readonly pauseMs?: number
  /** The client leaves. */
  readonly close?: { readonly code: number; readonly reason: string }
}

/** A body taken apart: an envelope, and a message as on a WebSocket, possibly empty. */
export interface Body {
  readonly envelope: Envelope
  readonly message: string
}

/** Room for the envelope in a body, beside the message. */
export const maxEnvelopeBytes = 1_024

/** @throws ParleyError `bad_request` that says what is wrong */
export function parseBody(text: string): Body {
  const end = text.indexOf('\n')
  const line = end < 0 ? text : text.slice(0, end)
  return { envelope: parseEnvelope(line), message: end < 0 ? '' : text.slice(end + 1) }
}

function parseEnvelope(line: string): Envelope {
  let value: unknown
  try {
    value = JSON.parse(line.slice(0, maxEnvelopeBytes))
  } catch {
    throw new ParleyError('bad_request', 'The first line of the body is a JSON object: the envelope.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ParleyError('bad_request', 'The first line of the body is a JSON object: the envelope.')
  const fields = value as Readonly<Record<string, unknown>>
  return {
    ...textField(fields, 'link'),
    ...textField(fields, 'secret'),
    ...countField(fields, 'seq', 1),
    ...countField(fields, 'ack', 0),
    ...countField(fields, 'waitMs', 0),
    ...countField(fields, 'pauseMs', 0),
    ...closeField(fields.close),
  }
}

type Fields = Readonly<Record<string, unknown>>

function textField<Name extends string>(fields: Fields, name: Name): { readonly [N in Name]?: string } {
  const value = fields[name]
  if (value === undefined) return {}
  if (typeof value !== 'string' || value.length > 256)
    throw new ParleyError('bad_request', `\`${name}\` in the envelope is a text of at most 256 characters.`)
  return { [name]: value } as { readonly [N in Name]?: string }
}

function countField<Name extends string>(
  fields: Fields,
  name: Name,
  least: number,
): { readonly [N in Name]?: number } {
  const value = fields[name]
  if (value === undefined) return {}
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new ParleyError('bad_request', `\`${name}\` in the envelope is a whole number from ${least}.`)
  return { [name]: value } as { readonly [N in Name]?: number }
}

function closeField(value: unknown): Pick<Envelope, 'close'> {
  if (value === undefined) return {}
  const { code, reason = '' } = (value ?? {}) as { readonly code?: unknown; readonly reason?: unknown }
  const isCode = Number.isInteger(code) && ((code as number) === 1000 || isPrivate(code as number))
  if (!isCode || typeof reason !== 'string')
    throw new ParleyError('bad_request', '`close` in the envelope has a `code`, 1000 or from 3000 to 4999.')
  return { close: { code: code as number, reason: reason.slice(0, 123) } }
}

/** RFC 6455 §7.4.2: codes for use by libraries and applications. */
function isPrivate(code: number): boolean {
  return code >= 3000 && code <= 4999
}
