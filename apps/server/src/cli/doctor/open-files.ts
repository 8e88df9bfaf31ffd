import { readFileSync } from 'node:fs'
import { type HealthCheck, ok, problem, skipped } from './finding.ts'

/** What the server opens beside connections: database, logs, files that are being sent. */
const others = 200

/** Whether the system lets the server have as many connections as it is configured for. */
export const openFilesCheck: HealthCheck = {
  name: 'open-files',
  title: 'Open files',
  look({ config, store }) {
    if (config === undefined)
      return skipped('The configuration does not say how many connections there may be.')
    const wanted = (config.limits.maxConnections ?? config.max_connections) + others
    const pid = /process (\d+)/.exec(store?.holder ?? '')?.[1]
    const allowed = (pid === undefined ? undefined : limitOf(pid)) ?? ownLimit()
    if (allowed === undefined) return skipped('This system does not say how many files may be open.')
    if (allowed >= wanted)
      return ok(`${allowed === Number.POSITIVE_INFINITY ? 'Any number of' : allowed} files may be open.`)
    return problem(
      `${allowed} files may be open; ${config.max_connections} connections need ${wanted}.`,
      `Raise the limit: LimitNOFILE=${wanted} in the systemd unit, --ulimit nofile=${wanted} for a container, or ulimit -n ${wanted} ` +
        'before the start. Or lower `max_connections`.',
    )
  },
}

/** Of a process of this machine, where the system tells (Linux). */
function limitOf(pid: string): number | undefined {
  try {
    return asNumber(/^Max open files\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}

/** Of this process, which has what a server started from here would have. */
function ownLimit(): number | undefined {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } }
  return asNumber(report.userLimits?.open_files?.soft)
}

function asNumber(text: number | string | undefined): number | undefined {
  if (text === 'unlimited') return Number.POSITIVE_INFINITY
  const number = Number(text)
  return Number.isNaN(number) ? undefined : number
}
