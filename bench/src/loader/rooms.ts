import { setTimeout as pause } from 'node:timers/promises'
import { closeCrowd, openCrowd, sampleCrowd } from './crowd-of.ts'
import { stampedPayload } from './payload.ts'
import { Tally } from './tally.ts'
import { requireWhole, type Stretch, watch } from './window.ts'
import { type WireName, wires } from './wires.ts'

export interface RoomsAsk {
  readonly wire: WireName
  readonly port: number
  readonly pid: number
  readonly rooms: number
  readonly members: number
  /** Publishes without an ack, over all members. */
  readonly inFlight: number
  readonly warmMillis: number
  readonly millis: number
}

/** Many small rooms in which every member publishes, each publish acked; members take turns in a shuffled order. */
export async function rooms(ask: RoomsAsk): Promise<Stretch> {
  const tally = new Tally()
  const wire = wires[ask.wire]
  const size = ask.rooms * ask.members
  const roomOf = (member: number): string => `room:${1_000 + Math.floor(member / ask.members)}`
  const crowd = await openCrowd({ ...ask, size, channelsOf: (member) => [roomOf(member)] }, tally)
  sampleCrowd(crowd, 50)
  const order = shuffled(size)
  let published = 0
  const publish = (): void => {
    const member = order[published % size] as number
    published += 1
    crowd[member]?.send(wire.publish(roomOf(member), stampedPayload(), { id: published, isWanted: true }))
  }
  tally.acked = publish
  for (let started = 0; started < ask.inFlight; started++) publish()
  await pause(ask.warmMillis)
  const stretch = await watch(tally, ask.pid, ask.millis)
  tally.acked = undefined
  await requireWhole(tally, { deliveries: published * ask.members, acks: published })
  closeCrowd(crowd)
  return stretch
}

/** 0 … size-1 in an order that is the same in every run. */
function shuffled(size: number): number[] {
  const order = Array.from({ length: size }, (_, index) => index)
  let seed = 1
  for (let index = size - 1; index > 0; index--) {
    seed = (seed * 48_271) % 2_147_483_647
    const other = seed % (index + 1)
    const held = order[index] as number
    order[index] = order[other] as number
    order[other] = held
  }
  return order
}
