import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { against, load } from './against.ts'
import type { Sample } from './lines.ts'
import type { ArrivalsResult } from './loader/arrivals.ts'
import type { FanOutResult } from './loader/fan-out.ts'
import type { Missed } from './loader/return.ts'
import type { Stretch } from './loader/window.ts'
import { nodeCommand, startPinned } from './pinned.ts'
import type { Scale } from './scale.ts'
import type { Target } from './targets.ts'

const crowdMembers = 1_000
const connections = 10_000
const window = 64
const inFlight = 256

/** Which rates a server is measured at, besides flat out. */
export interface CrowdRates {
  readonly slow?: boolean
  readonly fast?: boolean
  readonly flat?: boolean
}

/** One publisher and 1000 subscribers: 100 messages a second, 1000 a second, and flat out. */
export async function crowd(target: Target, scale: Scale, rates: CrowdRates): Promise<Sample> {
  const { warmMillis, millis } = scale
  const asked = { slow: 100, fast: 1_000 }
  const names = (['slow', 'fast'] as const).filter((name) => rates[name] === true)
  const { result } = await against(target, (server) =>
    load<FanOutResult>(server, 'fanOut', {
      ...{ wire: target.wire, members: crowdMembers, window, warmMillis },
      rates: names.map((name) => ({ perSecond: asked[name], millis })),
      flatMillis: rates.flat === true ? millis : 0,
    }),
  )
  const samples = names.map((name, index) => prefixed(name, result.rates[index] ?? {}))
  return Object.assign({}, ...samples, prefixed('flat', result.flat ?? {}))
}

/** The same values under names that begin with `prefix`: `slow p99`. */
export function prefixed(prefix: string, values: object): Sample {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix} ${name}`, value]))
}

/** 500 rooms of 4 members, all publishing, 256 publishes in flight, each acked. */
export async function rooms(target: Target, scale: Scale): Promise<Sample> {
  const ask = { wire: target.wire, rooms: 500, members: 4, inFlight, ...scale }
  const { result } = await against(target, (server) => load<Stretch>(server, 'rooms', ask))
  return { ...result }
}

/** Connections with a token and a subscription, and what they weigh at rest. */
export async function arrivals(target: Target): Promise<Sample> {
  const ask = { wire: target.wire, connections, warm: 500 }
  const { result } = await against(target, (server) => load<ArrivalsResult>(server, 'arrivals', ask))
  return { ...result, perCpuSecond: 1e6 / result.cpu }
}

/** Durable publishes, acked on disk. */
export async function ledger(target: Target, scale: Scale): Promise<Sample> {
  const ask = { wire: target.wire, connections: 16, inFlight, ...scale }
  const { result } = await against(target, (server) => load<Stretch>(server, 'ledger', ask))
  return { ...result }
}

/** Bare node:sqlite, one row a commit. */
export async function rows(scale: Scale): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-rows-'))
  const writer = startPinned({ core: 0, command: nodeCommand(new URL('./peers/rows.ts', import.meta.url)) })
  try {
    return await writer.link.ask<Sample>('run', {
      file: join(folder, 'rows.db'),
      seconds: scale.millis / 1_000,
    })
  } finally {
    await writer.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Clients miss events, the server is killed, started again, and they come back. Counted from the new start. */
export async function comeBack(target: Target): Promise<Sample> {
  const data = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  const ask = { clients: 1_000, missed: 100 }
  let server = await target.start({ data })
  try {
    const { result: missed } = await load<Missed>(server, 'miss', ask)
    await server.stop('SIGKILL')
    const began = performance.now()
    server = await target.start({ data })
    const startSeconds = (performance.now() - began) / 1_000
    const { result } = await load<{ millis: number }>(server, 'comeBack', { ...ask, ...missed })
    return { whole: 1, seconds: startSeconds + result.millis / 1_000, startSeconds }
  } finally {
    await server.stop()
    await rm(data, { recursive: true, force: true })
  }
}

/** Event-loop delay with 10,000 members: a channel of 1000 flat out, and four events a second to all. */
export async function assembly(target: Target, scale: Scale): Promise<Sample> {
  const { wire } = target
  const ask = { wire, members: connections, crowd: crowdMembers, window, millis: scale.millis }
  const { result, delay } = await against(target, (server) => load<Stretch>(server, 'assembly', ask))
  return { ...result, ...prefixed('delay', { ...delay, disturbed: result.disturbed }) }
}
