import type { GenericErrorCode } from '@parley/protocol'

/** What is known of a failure; plain data, as it travels between threads. */
export interface Fault {
  readonly code: GenericErrorCode
  readonly message: string
  /** Durable writes end here: the database cannot be trusted to take more. */
  readonly stops?: true
  /** A probe may find that writing is possible again. */
  readonly heals?: true
}

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const resultCodes = {
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const

/** Growing the shared-memory file fails with this code when the disk is full. */
const ioErrorSharedMemorySize = 4874

const breaking: readonly number[] = [
  resultCodes.noMemory,
  resultCodes.readOnly,
  resultCodes.ioError,
  resultCodes.corrupt,
  resultCodes.cannotOpen,
  resultCodes.notADatabase,
]

/** Sorts an error of `node:sqlite` by what it means for the writes around it. */
export function faultOf(error: unknown): Fault {
  const { errcode, message } = error as { errcode?: number; message?: string }
  const text = message ?? String(error)
  if (errcode === undefined) return { code: 'internal', message: `The statement was not accepted: ${text}.` }
  const primary = errcode & 0xff
  if (primary === resultCodes.full || errcode === ioErrorSharedMemorySize) return full(text)
  if (breaking.includes(primary))
    return {
      code: 'unavailable',
      message: `The database does not take writes any more: ${text} (${errcode}). Check the disk, then restart.`,
      stops: true,
    }
  if (primary === resultCodes.constraint)
    return { code: 'conflict', message: `The rows do not allow it: ${text}. Nothing was stored.` }
  return { code: 'internal', message: `SQLite refused the statement: ${text}. Nothing was stored.` }
}

/**
 * What a failed COMMIT means. A full disk is noticed before the last page of the commit is written, so nothing was
 * stored. After any other failure of the disk, the next start may find the group stored or not.
 */
export function commitFaultOf(error: unknown): Fault {
  const fault = faultOf(error)
  if (fault.stops !== true || fault.heals === true) return fault
  return { ...fault, code: 'outcome_unknown' }
}

function full(text: string): Fault {
  return {
    code: 'store_full',
    message: `The disk is full (${text}); nothing was stored. Free space on the server.`,
    stops: true,
    heals: true,
  }
}
