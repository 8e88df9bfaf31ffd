import { type CloseVerdict, closeCodes, type ErrorCode, errorRegistry, ParleyError } from '@parley/protocol'

/** What a close code means, as an error; used when the server sent no error before it closed. */
export function closedBecause(code: number, reason: string): ParleyError {
  const name = Object.entries(closeCodes).find(([, value]) => value === code)?.[0]
  const isKnown = name !== undefined && Object.hasOwn(errorRegistry, name)
  const detail = reason === '' ? `close code ${code}` : `close code ${code}: ${reason}`
  const options = { details: { code, reason } }
  return isKnown
    ? new ParleyError(name as ErrorCode, undefined, options)
    : new ParleyError('disconnected', `The connection ended (${detail}).`, options)
}

/** Any thrown value as a ParleyError. */
export function asError(cause: unknown): ParleyError {
  if (cause instanceof ParleyError) return cause
  return new ParleyError('internal', cause instanceof Error ? cause.message : String(cause), { cause })
}

/** What an error in answer to `connect` means for the next attempt. */
export function verdictOf({ retry }: ParleyError): CloseVerdict {
  if (retry === 'never') return 'stop'
  return retry === 'refresh' ? 'refresh' : 'reconnect'
}

/** A text as a close reason, which holds at most 123 bytes. */
export function clip(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 120)
}
