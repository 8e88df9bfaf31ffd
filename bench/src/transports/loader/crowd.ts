import { setTimeout as pause } from 'node:timers/promises'
import { openCrowd } from '../../loader/crowd-of.ts'
import { Publisher } from '../../loader/publisher.ts'
import { Tally } from '../../loader/tally.ts'
import { requireWhole, type Stretch, watch } from '../../loader/window.ts'
import { type WireName, wires } from '../../loader/wires.ts'
import { channel, type DownlinkName, downlinks } from './downlinks.ts'
import { Member } from './member.ts'
import { NchanPublisher } from './nchan-publisher.ts'

export interface CrowdAsk {
  readonly downlink: DownlinkName
  /** What the publisher speaks, over a WebSocket; `nchan` publishes over HTTP. */
  readonly publisher: WireName | 'nchan'
  readonly port: number
  readonly pid: number
  readonly members: number
  readonly perSecond: number
  /** Messages on their way at a time when flat out. */
  readonly window: number
  readonly warmMillis: number
  readonly millis: number
}

export interface CrowdResult {
  readonly rated: Stretch
  readonly flat: Stretch
}

interface Publishing {
  readonly published: number
  publish(): void
  atRate(perSecond: number): () => void
}

const samples = 10
/** Requests that wait are few at a time, so that opening is not what is measured. */
const openAtOnce = 32

/** One publisher and a crowd of subscribers over one kind of downlink: at a rate, then flat out. */
export async function crowd(ask: CrowdAsk): Promise<CrowdResult> {
  const tally = new Tally()
  const members = await openMembers(ask, tally)
  const publisher = await publisherOf(ask, tally)
  const drain = () => requireWhole(tally, { deliveries: publisher.published * ask.members })
  const stopWarming = publisher.atRate(ask.perSecond)
  await pause(ask.warmMillis)
  const rated = await watch(tally, ask.pid, ask.millis)
  stopWarming()
  await drain()
  tally.pump = () => {
    while (publisher.published - tally.deliveries / ask.members < ask.window) publisher.publish()
  }
  tally.pump()
  await pause(ask.warmMillis)
  const flat = await watch(tally, ask.pid, ask.millis)
  tally.pump = undefined
  await drain()
  for (const member of members) member.close()
  return { rated, flat }
}

async function openMembers(ask: CrowdAsk, tally: Tally): Promise<readonly Member[]> {
  const members = Array.from({ length: ask.members }, () => new Member(ask.port, tally))
  for (let index = 0; index < samples; index++) {
    const member = members[Math.floor((index * ask.members) / samples)]
    if (member !== undefined) member.sampled = true
  }
  for (let start = 0; start < members.length; start += openAtOnce)
    await Promise.all(
      members
        .slice(start, start + openAtOnce)
        .map((member, index) => downlinks[ask.downlink](member, `user-${start + index}`)),
    )
  // Those who poll have asked by then.
  await pause(200)
  return members
}

async function publisherOf(ask: CrowdAsk, tally: Tally): Promise<Publishing> {
  if (ask.publisher === 'nchan') return new NchanPublisher(ask.port, tally)
  const [quiet] = await openCrowd({ ...ask, wire: ask.publisher, size: 1, channelsOf: () => [] }, tally)
  return new Publisher(wires[ask.publisher], quiet as NonNullable<typeof quiet>, channel)
}
