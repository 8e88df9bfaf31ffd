import { fanOutPlan } from './fan-out-plan.ts'
import type { Sample } from './lines.ts'
import type { Benchmark, Turn } from './rounds.ts'
import type { Scale } from './scale.ts'
import * as scenarios from './scenarios.ts'
import { bare, nats, parley, socketIo, type Target, ws } from './targets.ts'

function turn(target: Target, run: (target: Target, scale: Scale) => Promise<Sample>): Turn {
  return { server: target.name, missing: target.missing, run: (scale) => run(target, scale) }
}

function crowd(target: Target, rates: scenarios.CrowdRates): Turn {
  return turn(target, (server, scale) => scenarios.crowd(server, scale, rates))
}

const turns: Readonly<Record<string, readonly Turn[]>> = {
  crowd: [
    crowd(parley, { slow: true, fast: true, flat: true }),
    crowd(socketIo, { slow: true, flat: true }),
    crowd(ws, { slow: true, flat: true }),
    crowd(nats, { flat: true }),
    crowd(bare, { slow: true, fast: true }),
  ],
  rooms: [parley, socketIo, ws].map((target) => turn(target, scenarios.rooms)),
  arrivals: [parley, socketIo].map((target) => turn(target, scenarios.arrivals)),
  ledger: [turn(parley, scenarios.ledger), { server: 'rows of bare node:sqlite', run: scenarios.rows }],
  return: [turn(parley, scenarios.comeBack)],
  delay: [parley, bare].map((target) => turn(target, scenarios.assembly)),
}

/** Fan-out, arrivals, durable publishes and recovery beside other servers. */
export const fanOut: Benchmark = { plan: fanOutPlan, turns }
