import { maxPicked, type Unit } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { Fault } from './faults.ts'

const parameterTypes = ['number', 'bigint']

/** What callers are told to wait when a queue is full, or the disk. */
const retryAfterMs = { overloaded: 100, store_full: 1_000 }

/** The error that a caller gets for a failure in another thread. */
export function toError({ code, message }: Fault): ParleyError {
  return code === 'store_full'
    ? new ParleyError(code, message, { retryAfterMs: retryAfterMs.store_full })
    : new ParleyError(code, message)
}

export function closedError(): ParleyError {
  return new ParleyError('unavailable', 'The store is closed. Nothing is read or stored any more.')
}

export function overloadedError(what: string): ParleyError {
  const message = `${what} are waiting for the store; nothing was stored. Wait \`retryAfterMs\`.`
  return new ParleyError('overloaded', message, { retryAfterMs: retryAfterMs.overloaded })
}

/** Refuses to pick more events than one call may. */
export function refuseTooMany(offsets: readonly number[]): void {
  if (offsets.length > maxPicked)
    throw new ParleyError(
      'bad_request',
      `${offsets.length} events were asked for; ${maxPicked} can be read at once.`,
    )
}

/**
 * Refuses what SQL does not take, and text that UTF-8 cannot hold: SQLite would store other characters than those
 * given, and take two names for the same.
 */
export function refuseMalformed({ app, events, writes, assertions, receipt, redactions }: Unit): void {
  check(app)
  for (const { channel, type, data, tags, id, by } of events) {
    check(channel, type, data)
    check(tags, id, by)
  }
  for (const part of [...writes, ...assertions]) if ('key' in part) check(part.table, part.key)
  for (const write of writes) if ('value' in write && write.value !== null) check(write.value)
  for (const part of [...writes, ...assertions]) if ('sql' in part) checkParameters(part.parameters, events)
  if (redactions !== undefined) for (const { channel } of redactions) check(channel)
  if (receipt !== undefined) check(receipt.scope, receipt.fingerprint, receipt.output)
}

function checkParameters(parameters: readonly unknown[], events: Unit['events']): void {
  for (const value of parameters) {
    if (typeof value === 'string') check(value)
    else if (value === null || parameterTypes.includes(typeof value) || value instanceof Uint8Array) continue
    else if (typeof value !== 'object' || !('offsetOf' in value))
      throw new ParleyError(
        'bad_request',
        `A parameter is a ${typeof value}; SQL takes text, numbers, bytes and null.`,
      )
    else if (events[value.offsetOf as number] === undefined)
      throw new ParleyError(
        'internal',
        `A statement asks for the offset of event ${value.offsetOf}; the unit has ${events.length}.`,
      )
  }
}

function check(...texts: (string | undefined)[]): void {
  for (const text of texts)
    if (text?.isWellFormed() === false)
      throw new ParleyError('bad_request', 'The text holds half a surrogate pair, which UTF-8 cannot store.')
}
