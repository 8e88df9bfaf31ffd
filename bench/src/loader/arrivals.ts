import { setTimeout as pause } from 'node:timers/promises'
import { cpuMicros, disturbedMicros, residentBytes } from '../accounting.ts'
import { signToken } from '../token.ts'
import { closeCrowd, openCrowd } from './crowd-of.ts'
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
  /** Share of the time in which the server was ready to run and something else had its core. */
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
  const [began, cpu, before] = [performance.now(), cpuMicros(ask.pid), disturbedMicros(ask.pid)]
  const crowd = await openCrowd({ ...ask, size: ask.connections, channelsOf, tokens }, tally)
  const seconds = (performance.now() - began) / 1_000
  const used = cpuMicros(ask.pid) - cpu
  const disturbed = Math.max(0, disturbedMicros(ask.pid) - before) / 1e6 / seconds
  await pause(500)
  await collect()
  const bytes = (residentBytes(ask.pid) - base) / ask.connections
  requireClean(tally)
  closeCrowd(crowd)
  return { perSecond: ask.connections / seconds, cpu: used / ask.connections, bytes, disturbed }
}
