import { ParleyError } from '@parley/protocol'

/** The first line of a body: what the request is about. Secrets travel here, never in a URL. */
export interface Envelope {
  readonly link?: string | undefined
  readonly secret?: string | undefined
  /** Number of an uplink message: the one that opens a link has none, the next is 1. */
  readonly seq?: number | undefined
  /** Number of the newest answer to a poll that the client has. */
  readonly ack?: number | undefined
  /** How long a poll may be held, in ms. */
  readonly waitMs?: number | undefined
  /** How long the client lets pass between two polls, in ms. */
  readonly pauseMs?: number | undefined
  /** The client leaves. */
  readonly close?: { readonly code: number; readonly reason: string } | undefined
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
  const fields = value as Readonly<Record<keyof Envelope, unknown>>
  return {
    link: textField(fields.link, 'link'),
    secret: textField(fields.secret, 'secret'),
    seq: countField(fields.seq, 'seq', 1),
    ack: countField(fields.ack, 'ack', 0),
    waitMs: countField(fields.waitMs, 'waitMs', 0),
    pauseMs: countField(fields.pauseMs, 'pauseMs', 0),
    close: closeField(fields.close),
  }
}

function textField(value: unknown, name: keyof Envelope): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.length <= 256)) return value
  throw new ParleyError('bad_request', `\`${name}\` in the envelope is a text of at most 256 characters.`)
}

function countField(value: unknown, name: keyof Envelope, least: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least))
    return value as number | undefined
  throw new ParleyError('bad_request', `\`${name}\` in the envelope is a whole number from ${least}.`)
}

function closeField(value: unknown): Envelope['close'] {
  if (value === undefined) return undefined
  const { code, reason = '' } = (value ?? {}) as { readonly code?: unknown; readonly reason?: unknown }
  const isCode = Number.isInteger(code) && ((code as number) === 1000 || isPrivate(code as number))
  if (!isCode || typeof reason !== 'string')
    throw new ParleyError('bad_request', '`close` in the envelope has a `code`, 1000 or from 3000 to 4999.')
  return { code: code as number, reason: reason.slice(0, 123) }
}

/** RFC 6455 §7.4.2: codes for use by libraries and applications. */
function isPrivate(code: number): boolean {
  return code >= 3000 && code <= 4999
}
