import { setTimeout as pause } from 'node:timers/promises'
import { closeCrowd, openCrowd, sampleCrowd } from './crowd-of.ts'
import { Publisher } from './publisher.ts'
import { Tally } from './tally.ts'
import { requireWhole, type Stretch, watch } from './window.ts'
import type { Wire } from './wire.ts'
import { type WireName, wires } from './wires.ts'

export interface FanOutAsk {
  readonly wire: WireName
  readonly port: number
  readonly pid: number
  readonly members: number
  /** Messages on their way at a time when flat out. */
  readonly window: number
  readonly warmMillis: number
  /** Messages a second, one rate after another, each for so long. */
  readonly rates: readonly { readonly perSecond: number; readonly millis: number }[]
  /** How long flat out; 0 leaves it out. */
  readonly flatMillis: number
}

/** `held`: share of what was offered at a rate that was delivered in time. */
export interface RatedStretch extends Stretch {
  readonly held: number
}

export interface FanOutResult {
  readonly rates: readonly RatedStretch[]
  readonly flat: Stretch | undefined
}

const channel = 'room:crowd'
const startMillis = 300

/** One publisher, many subscribers to one channel; the publisher has a connection of its own. */
export async function fanOut(ask: FanOutAsk): Promise<FanOutResult> {
  const tally = new Tally()
  const crowd = await openCrowd({ ...ask, size: ask.members, channelsOf: () => [channel] }, tally)
  const own = wires[ask.wire] as Wire
  const channelsOf = () => (own.isPublisherSubscribed ? [channel] : [])
  const quiet = await openCrowd({ ...ask, size: 1, channelsOf }, tally)
  const publisher = new Publisher(own, quiet[0] as (typeof quiet)[0], channel)
  const drain = (): Promise<void> => requireWhole(tally, { deliveries: publisher.published * ask.members })
  sampleCrowd(crowd, 20)
  await flatOut(ask, { tally, publisher, run: () => pause(ask.warmMillis) })
  await drain()
  const rates: RatedStretch[] = []
  for (const { perSecond, millis } of ask.rates) {
    const stop = publisher.atRate(perSecond)
    await pause(startMillis)
    const stretch = await watch(tally, ask.pid, millis)
    stop()
    await drain()
    rates.push({ ...stretch, held: stretch.rate / (perSecond * ask.members) })
  }
  const measure = async (): Promise<Stretch> => {
    await pause(startMillis)
    return watch(tally, ask.pid, ask.flatMillis)
  }
  const flat = ask.flatMillis === 0 ? undefined : await flatOut(ask, { tally, publisher, run: measure })
  await drain()
  closeCrowd([...crowd, ...quiet])
  return { rates, flat }
}

/** Keeps as many messages on their way as the window holds while `run` runs. */
async function flatOut<Result>(
  { members, window }: FanOutAsk,
  { tally, publisher, run }: { tally: Tally; publisher: Publisher; run: () => Promise<Result> },
): Promise<Result> {
  tally.pump = () => {
    while (publisher.published - tally.deliveries / members < window) publisher.publish()
  }
  tally.pump()
  const result = await run()
  tally.pump = undefined
  return result
}
