import { parseArgs } from 'node:util'
import { main } from '../tests/simulation/main.ts'

// `npm run simulate`: the cluster on virtual time, with faults at random, and an oracle that knows what must be true.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    steps: { type: 'string', default: '400' },
    nodes: { type: 'string' },
    class: { type: 'string', default: 'all' },
    transport: { type: 'string', default: 'websocket' },
    with: { type: 'string' },
    canaries: { type: 'boolean', default: false },
    canary: { type: 'string' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
process.exitCode = await main(values, (line) => void process.stdout.write(`${line}\n`))
