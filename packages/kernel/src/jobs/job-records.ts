import type { RecordRow, RecordWrite } from '../ports/store.ts'
import type { DeadLetter, Failure } from './job.ts'

/** Jobs that wait, by the time when they are due; and those given up, newest first. Records of the app. */
export const waitingTable = 'jobs.waiting'
export const deadTable = 'jobs.dead'

/** Largest input of a job, in characters of JSON. */
export const maxInputLength = 16_384
const maxMessageLength = 1_000
/** Dead letters vanish after so long. */
const deadLetterMs = 30 * 24 * 60 * 60 * 1_000
/** Clock times are below, for some 285 years. */
const endOfTime = 10 ** 13
const timeDigits = 13

/** A job as it waits. */
export interface WaitingJob {
  readonly job: string
  readonly input: unknown
  readonly requestedAt: number
  /** Attempts begun so far. */
  readonly attempts: number
  readonly requeues: number
  readonly error?: Failure
}

export type BuriedJob = Omit<DeadLetter, 'id'>

function timeText(time: number): string {
  return String(Math.max(0, Math.floor(time))).padStart(timeDigits, '0')
}

/** Sorts by due time. */
export function waitingKey(dueAt: number, id: string): string {
  return `${timeText(Math.min(dueAt, endOfTime - 1))}.${id}`
}

export function dueAtOf(key: string): number {
  return Number(key.slice(0, timeDigits))
}

export function waitingWrite(key: string, waiting: WaitingJob): RecordWrite {
  return { table: waitingTable, key, value: JSON.stringify(waiting) }
}

export function readWaiting({ value }: RecordRow): WaitingJob {
  return JSON.parse(value) as WaitingJob
}

/** The key is the id of the letter, and sorts the newest first. */
export function buryWrite(id: string, buried: BuriedJob): RecordWrite {
  const message = buried.error.message.slice(0, maxMessageLength)
  return {
    table: deadTable,
    key: `${timeText(endOfTime - buried.failedAt)}.${id}`,
    value: JSON.stringify({ ...buried, error: { ...buried.error, message } }),
    expiresAt: buried.failedAt + deadLetterMs,
  }
}

export function readLetter({ key, value }: RecordRow): DeadLetter {
  return { id: key, ...(JSON.parse(value) as BuriedJob) }
}
