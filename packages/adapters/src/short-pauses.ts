import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Flags with which a node stops nobody for long. What a burst of calls allocates while a process is young is in use when it
 * is collected: V8 learns from that to make all that is like it where only long collections look, and does not learn again.
 */
export const shortPauseFlags = ['--no-allocation-site-pretenuring'] as const

/** About a tenth of the time that somebody who serves gets. */
const niceness = 10

/**
 * Lets the threads that compile and collect for V8 run behind the one that serves, where they have to share a processor;
 * with one to spare they lose nothing. For the whole process, as far as its threads run by now. On Linux, where threads have a
 * priority of their own; elsewhere it does nothing.
 *
 * @returns how many threads there were
 */
export function yieldToServing(): number {
  if (process.platform !== 'linux') return 0
  return readdirSync('/proc/self/task').filter(isOfV8).filter(lowered).length
}

function isOfV8(thread: string): boolean {
  try {
    return readFileSync(`/proc/self/task/${thread}/comm`, 'latin1').startsWith('V8Worker')
  } catch {
    // A thread that has ended meanwhile.
    return false
  }
}

function lowered(thread: string): boolean {
  try {
    setPriority(Number(thread), niceness)
    return true
  } catch {
    // Ended, or not allowed here.
    return false
  }
}
