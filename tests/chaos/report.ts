import type { Finding } from './canaries/run.ts'
import type { ChaosReport, FaultName } from './run.ts'

/** What happens to connections, and what to the server. */
const faultWords: Readonly<Record<FaultName, string>> = {
  reset: 'connections reset',
  cut: 'connections reset while nobody reaches the server',
  halfOpen: 'links of which one side is gone and the other does not know',
  delay: 'links with up to 0.7 s of delay',
  pieces: 'links on which messages come in pieces of a few bytes',
  slowLink: 'links at 2 to 30 kB/s',
  stalledReader: 'readers that take nothing while much is published',
  reload: 'applications closed and opened again where they stood',
  kill: '`kill -9` of the server at work',
  pause: 'SIGSTOP of the server, then SIGCONT',
  fullDisk: 'a full disk, until there is room again',
  drain: 'SIGTERM of the server at work, and a new start',
  storm: 'connections of the crowd reset, all at once',
}

/** For people. */
export function asText(report: ChaosReport): readonly string[] {
  const { deliveries, missed, faults, violations, settledMs, refusals, ends } = report
  const seconds = (settledMs / 1_000).toFixed(1)
  return [
    ...violations.map(({ at, kind, text }) => `${Math.round(at)} ms  ${kind}: ${text}`),
    ...Object.entries(faultWords).map(
      ([name, words]) => `${String(faults[name as FaultName] ?? 0).padStart(8)}  ${words}`,
    ),
    `Deliveries: ${listed(deliveries)}; of those, missed at first: ${listed(missed)}`,
    `${report.acks} acks; recovered ${report.recovered} times, not recovered ${report.unrecovered}; told of ${report.shed} losses`,
    `${report.clients} clients made ${report.links} connections; ended by code: ${listed(ends)}`,
    `Calls refused for now: ${listed(refusals) || 'none'}`,
    `Everybody had everything ${seconds} s after the last fault. Seed ${report.seed}, ${Math.round(report.seconds)} s of faults.`,
  ]
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

/** What is asked of every proof of delivery, as one line. */
export function summaryOf(reports: readonly ChaosReport[], findings: readonly Finding[]) {
  const sum = (count: (report: ChaosReport) => number) =>
    reports.reduce((total, one) => total + count(one), 0)
  return {
    seeds: reports.length,
    deliveries: sum(({ deliveries }) => Object.values(deliveries).reduce((all, one) => all + one, 0)),
    lost: sum(({ counts }) => counts.lost),
    duplicated: sum(({ counts }) => counts.duplicated),
    reordered: sum(({ counts }) => counts.reordered),
    falselyRecovered: sum(({ counts }) => counts.falselyRecovered),
    canaries: findings.length,
    canariesFound: findings.filter(({ kinds }) => kinds.length > 0).length,
  }
}

/** Nothing is wrong, every fault has happened, and every planted bug was noticed. */
export function isGood(report: ChaosReport, findings: readonly Finding[]): boolean {
  return (
    report.violations.length === 0 &&
    Object.values(report.faults).every((count) => count > 0) &&
    findings.every(({ kinds }) => kinds.length > 0)
  )
}
