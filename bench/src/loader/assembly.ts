import { setTimeout as pause } from 'node:timers/promises'
import { closeCrowd, openCrowd } from './crowd-of.ts'
import { Publisher } from './publisher.ts'
import { Tally } from './tally.ts'
import { requireWhole, type Stretch, watch } from './window.ts'
import { type WireName, wires } from './wires.ts'

export interface AssemblyAsk {
  readonly wire: WireName
  readonly port: number
  readonly pid: number
  /** Members of the one large channel. */
  readonly members: number
  /** How many of them are in a second channel too, into which messages go flat out. */
  readonly crowd: number
  readonly window: number
  readonly millis: number
}

/** Between two events to everybody. */
const everyMillis = 250

/** A busy channel, and now and then one event to everybody; the server watches its event loop meanwhile. */
export async function assembly(
  ask: AssemblyAsk,
  onStretch: (isOn: boolean) => Promise<void>,
): Promise<Stretch> {
  const tally = new Tally()
  const [crowdName, allName] = ['room:crowd', 'room:everybody']
  const channelsOf = (member: number): string[] => (member < ask.crowd ? [allName, crowdName] : [allName])
  const members = await openCrowd({ ...ask, size: ask.members, channelsOf }, tally)
  const quiet = await openCrowd({ ...ask, size: 1, channelsOf: () => [] }, tally)
  const connection = quiet[0] as (typeof quiet)[0]
  const busy = new Publisher(wires[ask.wire], connection, crowdName)
  const rare = new Publisher(wires[ask.wire], connection, allName)
  const underWay = (): number => busy.published * ask.crowd + rare.published * ask.members - tally.deliveries
  tally.pump = () => {
    while (underWay() / ask.crowd < ask.window) busy.publish()
  }
  tally.pump()
  await pause(500)
  const stop = rare.atRate(1_000 / everyMillis)
  await onStretch(true)
  const stretch = await watch(tally, ask.pid, ask.millis)
  await onStretch(false)
  stop()
  tally.pump = undefined
  await requireWhole(tally, { deliveries: busy.published * ask.crowd + rare.published * ask.members })
  closeCrowd([...members, ...quiet])
  return stretch
}
