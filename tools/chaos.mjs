import { parseArgs } from 'node:util'
import { main } from '../tests/chaos/main.ts'

// `npm run chaos`: real processes, sockets and disks, with faults at random, and the oracle of the simulation.
const { values } = parseArgs({
  allowNegative: true,
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    actors: { type: 'string', default: '24' },
    crowd: { type: 'string', default: '5000' },
    transport: { type: 'string', default: 'websocket' },
    faults: { type: 'string' },
    mount: { type: 'boolean', default: true },
    canaries: { type: 'boolean', default: true },
    canary: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
process.exitCode = await main(values, (line) => void process.stdout.write(`${line}\n`))
