import { setTimeout as pause } from 'node:timers/promises'
import { closeCrowd, openCrowd } from './crowd-of.ts'
import { stampedPayload } from './payload.ts'
import { Tally } from './tally.ts'
import { requireWhole, type Stretch, watch } from './window.ts'
import { type WireName, wires } from './wires.ts'

export interface LedgerAsk {
  readonly wire: WireName
  readonly port: number
  readonly pid: number
  readonly connections: number
  readonly inFlight: number
  readonly warmMillis: number
  readonly millis: number
}

/** Durable publishes; each connection writes a channel of its own and keeps its share of the publishes in flight. */
export async function ledger(ask: LedgerAsk): Promise<Stretch> {
  const tally = new Tally()
  const wire = wires[ask.wire]
  const crowd = await openCrowd({ ...ask, size: ask.connections, channelsOf: () => [] }, tally)
  let published = 0
  const publish = (member: number): void => {
    published += 1
    const id = published * ask.connections + member
    crowd[member]?.send(wire.publish(`ledger:${member}`, stampedPayload(), { id, isWanted: true }))
  }
  tally.acked = (id) => publish(id % ask.connections)
  for (let started = 0; started < ask.inFlight; started++) publish(started % ask.connections)
  await pause(ask.warmMillis)
  const stretch = await watch(tally, ask.pid, ask.millis)
  tally.acked = undefined
  await requireWhole(tally, { deliveries: 0, acks: published })
  closeCrowd(crowd)
  return stretch
}
