import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU time that the kernel has charged to a process so far, all threads, user and system, in µs. The scheduler's
 * count (ns) where there is one, else the ticks of `stat`.
 */
export function cpuMicros(pid: number): number {
  let nanos = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const charged = /^\d+/.exec(read(`/proc/${pid}/task/${task}/schedstat`))
    if (charged === null) return tickMicros(pid)
    nanos += Number(charged[0])
  }
  return nanos / 1_000
}

/**
 * Grows by the µs in which the process's first thread was ready to run and another process had its core. Threads of
 * its own that share the core are taken out, so it may also fall a little. 0 where the kernel does not count it.
 */
export function disturbedMicros(pid: number): number {
  const [ran = 0, waited] = read(`/proc/${pid}/schedstat`).split(' ').map(Number)
  if (waited === undefined) return 0
  const ownThreads = cpuMicros(pid) - ran / 1_000
  return waited / 1_000 - ownThreads
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

/** A thread may end between list and look. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '0'
  }
}
