import { median } from './link-features.ts'

/** What is known when a connection has to be made again. */
export interface ReconnectSituation {
  /** The pause that was drawn without looking, in ms. */
  readonly delayMs: number
  /** Attempts in a row, from 1. */
  readonly attempt: number
  /** `line`: this connection broke · `server`: it was the server's doing, and everybody's connections may have ended. */
  readonly cause: 'line' | 'server'
  /** How long earlier outages of this line took, in ms. */
  readonly outagesMs: readonly number[]
  /** In [0, 1). */
  readonly random: number
}

const soonMs = 1_000

/**
 * When to look whether the server can be reached again, in ms from now; never after the pause that was drawn. A server
 * that has ended the connection is left its pause, so that its clients do not come back together. A line is looked at
 * when outages like it are usually over, or soon where there was none yet; then after pauses that double.
 */
export function reconnectMoment(situation: ReconnectSituation): number {
  const { attempt, cause, delayMs, outagesMs, random } = situation
  if (cause === 'server') return delayMs
  const usualMs = outagesMs.length === 0 ? soonMs * random : median(outagesMs) * (0.75 + random / 2)
  return Math.min(delayMs, attempt === 1 ? usualMs : soonMs * 2 ** (attempt - 2) * (0.5 + random))
}
