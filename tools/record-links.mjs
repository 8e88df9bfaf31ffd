import { parseArgs } from 'node:util'
import { record } from '../tests/link-health/record.ts'

// `npm run record-links`: links of real clients through the fault proxy, in real time, for the prediction of failures.
const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '600' },
    minutes: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    interval: { type: 'string', default: '5000' },
    out: { type: 'string', default: 'tests/link-health/traces/links.jsonl.gz' },
  },
})
const options = {
  devices: Number(values.devices),
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  intervalMs: Number(values.interval),
}
const path = new URL(values.out, new URL('..', import.meta.url))
await record(options, path, (line) => void process.stdout.write(`${line}\n`))
