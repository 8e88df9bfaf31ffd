import { setTimeout as pause } from 'node:timers/promises'
import { residentBytes } from '../accounting.ts'
import { signToken } from '../token.ts'
import { closeCrowd, openCrowd } from './crowd-of.ts'
import { startSpending } from './spent.ts'
import { Tally } from './tally.ts'
import { requireClean } from './window.ts'
import type { WireName } from './wires.ts'

export interface ArrivalsAsk {
  readonly wire: WireName
  readonly port: number
  readonly pid: number
  readonly connections: number
  /** Connections made and dropped beforehand. */
  readonly warm: number
}

export interface ArrivalsResult {
  readonly perSecond: number
  /** CPU of the server in µs for one connection with its token and subscription. */
  readonly cpu: number
  /** Resident memory of the server per connection at rest. */
  readonly bytes: number
  /** As of any stretch. */
  readonly disturbed: number
}

/** Connections that sign in with a token of their own, subscribe, and stay. */
export async function arrivals(ask: ArrivalsAsk, collect: () => Promise<void>): Promise<ArrivalsResult> {
  const tokens = Array.from({ length: ask.connections }, (_, index) => signToken(`user-${index}`))
  const channelsOf = (): string[] => ['room:lobby']
  const warm = await openCrowd({ ...ask, size: ask.warm, channelsOf }, new Tally())
  closeCrowd(warm)
  await pause(300)
  await collect()

  const tally = new Tally()
  const base = residentBytes(ask.pid)
  const spentSince = startSpending(ask.pid)
  const crowd = await openCrowd({ ...ask, size: ask.connections, channelsOf, tokens }, tally)
  const { seconds, cpu, disturbed } = spentSince()
  await pause(500)
  await collect()
  const bytes = (residentBytes(ask.pid) - base) / ask.connections
  requireClean(tally)
  closeCrowd(crowd)
  return { perSecond: ask.connections / seconds, cpu: cpu / ask.connections, bytes, disturbed }
}
