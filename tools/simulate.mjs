import { parseArgs } from 'node:util'
import { simulate } from '@parley/kernel/simulation'

// `npm run simulate -- --seeds N [--seed S] [--steps K] [--json]`: the kernel on virtual time, with faults at random.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
  },
})

const first = Number(values.seed)
const reports = []
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const report = await simulate({ seed, steps: Number(values.steps) })
  reports.push(report)
  if (report.violations.length > 0) process.stdout.write(`${JSON.stringify(report)}\n`)
}

const sum = (count) => reports.reduce((total, report) => total + count(report), 0)
const faults = Object.fromEntries(
  Object.keys(reports[0]?.faults ?? {}).map((fault) => [fault, sum((report) => report.faults[fault])]),
)
const result = {
  seeds: `${first}..${first + reports.length - 1}`,
  failed: reports.filter((report) => report.violations.length > 0).map((report) => report.seed),
  deliveries: sum((report) => report.deliveries),
  acks: sum((report) => report.acks),
  recovered: sum((report) => report.recovered),
  unrecovered: sum((report) => report.unrecovered),
  faults,
}
process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`)
process.exitCode = result.failed.length === 0 ? 0 : 1
