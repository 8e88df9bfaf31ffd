import { setTimeout as pause } from 'node:timers/promises'
import type { Connection } from '../loader/connection.ts'
import { closeCrowd, openCrowd, sampleCrowd } from '../loader/crowd-of.ts'
import { Publisher } from '../loader/publisher.ts'
import { Tally } from '../loader/tally.ts'
import { requireWhole, type Stretch, watch } from '../loader/window.ts'
import { wires } from '../loader/wires.ts'

export interface StalledAsk {
  readonly port: number
  readonly pid: number
  readonly members: number
  /** Whether there is one more member, who reads nothing. */
  readonly isStalled: boolean
  readonly perSecond: number
  readonly millis: number
}

const channel = 'room:crowd'
/** A channel of the stalled reader alone, to fill the buffers of its socket: they take some megabytes. */
const own = 'room:nobody-reads-this'
const fillBytes = 24_000_000
const eventBytes = 60_000
const window = 64
const warmMillis = 500
const startMillis = 300

/** One publisher and many subscribers, one of whom may take nothing any more. Only the others are counted. */
export async function stalledReader(
  ask: StalledAsk,
  onStretch: (isOn: boolean) => Promise<void>,
): Promise<Stretch> {
  const [tally, ofStalled] = [new Tally(), new Tally()]
  const common = { port: ask.port, wire: 'parley' } as const
  const crowd = await openCrowd({ ...common, size: ask.members, channelsOf: () => [channel] }, tally)
  const quiet = await openCrowd({ ...common, size: 1, channelsOf: () => [] }, tally)
  const stalled = ask.isStalled ? await openStalled(ask.port, ofStalled, quiet[0] as Connection) : []
  const publisher = new Publisher(wires.parley, quiet[0] as (typeof quiet)[0], channel)
  sampleCrowd(crowd, 20)
  tally.pump = () => {
    while (publisher.published - tally.deliveries / ask.members < window) publisher.publish()
  }
  tally.pump()
  await pause(warmMillis)
  tally.pump = undefined
  await requireWhole(tally, { deliveries: publisher.published * ask.members })
  const stop = publisher.atRate(ask.perSecond)
  await pause(startMillis)
  await onStretch(true)
  const stretch = await watch(tally, ask.pid, ask.millis)
  await onStretch(false)
  stop()
  await requireWhole(tally, { deliveries: publisher.published * ask.members })
  closeCrowd([...crowd, ...stalled, ...quiet])
  return stretch
}

/** A member who reads nothing any more, and for whom more waits than its socket takes. */
async function openStalled(port: number, tally: Tally, filler: Connection): Promise<Connection[]> {
  const options = { port, wire: 'parley', size: 1, channelsOf: () => [channel, own] } as const
  const stalled = await openCrowd(options, tally)
  for (const connection of stalled) connection.stall()
  const data = JSON.stringify('x'.repeat(eventBytes))
  for (let sent = 0; sent < fillBytes; sent += eventBytes)
    filler.send(wires.parley.publish(own, data, { id: sent + 1, isWanted: false }))
  await pause(1_000)
  return stalled
}
