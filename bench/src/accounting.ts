import { readdirSync, readFileSync } from 'node:fs'

/** What the scheduler has counted for a thread, in µs: time on a core, and time ready to run and waiting for one. */
interface ThreadTime {
  readonly ran: number
  readonly waited: number
}

/** The times of a process's threads by id; undefined where the kernel does not count them. */
export type ThreadTimes = ReadonlyMap<string, ThreadTime> | undefined

export function threadTimes(pid: number): ThreadTimes {
  const times = new Map<string, ThreadTime>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [ran, waited] = read(`/proc/${pid}/task/${thread}/schedstat`).split(' ').map(Number)
    // A thread may have ended since it was listed.
    if (ran !== undefined && waited !== undefined)
      times.set(thread, { ran: ran / 1_000, waited: waited / 1_000 })
  }
  return times.size === 0 ? undefined : times
}

/**
 * µs between two looks in which the process's busiest thread was ready to run and another process had its core. What
 * the process's own threads used of the core is taken out.
 */
export function disturbedMicros(before: ThreadTimes, after: ThreadTimes): number {
  if (before === undefined || after === undefined) return 0
  let ran = 0
  let busiest: ThreadTime = { ran: 0, waited: 0 }
  for (const [thread, time] of after) {
    const earlier = before.get(thread) ?? { ran: 0, waited: 0 }
    const since = { ran: time.ran - earlier.ran, waited: time.waited - earlier.waited }
    ran += since.ran
    if (since.ran > busiest.ran) busiest = since
  }
  return Math.max(0, busiest.waited - (ran - busiest.ran))
}

/**
 * CPU time that the kernel has charged to a process so far, all threads, user and system, in µs. The scheduler's
 * count (ns) where there is one, else the ticks of `stat`.
 */
export function cpuMicros(pid: number): number {
  const times = threadTimes(pid)
  if (times === undefined) return tickMicros(pid)
  let sum = 0
  for (const { ran } of times.values()) sum += ran
  return sum
}

/** utime + stime of `/proc/<pid>/stat`, in steps of 10 ms. */
function tickMicros(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Bytes of memory that the process has resident. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1]) * 1024
}

/** A file's text; nothing when it is not there. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
