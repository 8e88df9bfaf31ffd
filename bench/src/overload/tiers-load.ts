import { setTimeout as pause } from 'node:timers/promises'
import type { Connection } from '../loader/connection.ts'
import { closeCrowd, openCrowd } from '../loader/crowd-of.ts'
import { Latencies } from '../loader/latency.ts'
import { noteLatencies, stampedPayload } from '../loader/payload.ts'
import { startSpending } from '../loader/spent.ts'
import { Tally } from '../loader/tally.ts'
import { requireClean, settle } from '../loader/window.ts'
import { wires } from '../loader/wires.ts'
import { type Tier, tiers } from './tiers.ts'

export interface TiersAsk {
  readonly port: number
  readonly pid: number
  /** Channels of each tier. */
  readonly channels: number
  /** Connections that subscribe, each to one channel of every tier. */
  readonly subscribers: number
  /** Connections that publish, so many for each tier. */
  readonly publishers: number
  /** Publishes on their way at a time while capacity is measured. */
  readonly window: number
  readonly millis: number
  /** Shares of the capacity that are offered, one after the other. */
  readonly loads: readonly number[]
}

/** What became of one tier at one load. Times in ms from publishing to delivery. */
export interface TierResult {
  readonly p50: number
  readonly p99: number
  readonly offered: number
  /** Share of what was offered that was refused. */
  readonly refused: number
}

export interface LoadResult {
  readonly disturbed: number
  readonly loader: number
  readonly tiers: Readonly<Record<Tier['name'], TierResult>>
}

export interface TiersResult {
  /** Publishes a second, each acked and delivered to all subscribers. */
  readonly capacity: number
  readonly loads: readonly LoadResult[]
}

const startMillis = 500
const { parley: wire } = wires
const refusal = Buffer.from('"error":{"code":"overloaded"')
const replyStart = Buffer.from('{"op":"reply","id":')
const nameStart = '{"op":"events","channel":"'.length

/** Publishes of all tiers in their shares, and what comes of them. */
class Traffic {
  published = 0
  answered = 0
  readonly offered = new Map<string, number>()
  readonly refused = new Map<string, number>()
  readonly latencies = new Map(tiers.map(({ name }) => [name, new Latencies()]))
  /** Runs for every answer, so that a closed loop can go on at once. */
  onAnswer: (() => void) | undefined
  readonly #tierOf = new Map<number, string>()
  readonly #order: readonly string[] = inShares()
  readonly #channels: number
  readonly #publishers: ReadonlyMap<string, readonly Connection[]>

  /** @param publishers so many connections for each tier: what one connection sends is read in its order */
  constructor(publishers: readonly Connection[], channels: number) {
    this.#channels = channels
    const each = publishers.length / tiers.length
    this.#publishers = new Map(
      tiers.map(({ name }, index) => [name, publishers.slice(index * each, (index + 1) * each)]),
    )
    for (const connection of publishers) connection.inspect = (bytes) => this.#hear(bytes)
  }

  publish(): void {
    const id = this.published + 1
    this.published = id
    const tier = this.#order[id % this.#order.length] as string
    this.#tierOf.set(id, tier)
    count(this.offered, tier)
    const turn = this.offered.get(tier) ?? 0
    const channel = channelOf(tier, turn % this.#channels)
    const own = this.#publishers.get(tier) as readonly Connection[]
    own[turn % own.length]?.send(wire.publish(channel, stampedPayload(), { id, isWanted: true }))
  }

  /** Publishes at a rate until stopped; what a late timer missed is made up for at once. */
  atRate(perSecond: number): () => void {
    const [began, before] = [performance.now(), this.published]
    const timer = setInterval(() => {
      const due = before + Math.floor(((performance.now() - began) * perSecond) / 1_000)
      for (const own of this.#publishers.values()) for (const connection of own) connection.hold()
      while (this.published < due) this.publish()
      for (const own of this.#publishers.values()) for (const connection of own) connection.release()
    }, 1)
    return () => clearInterval(timer)
  }

  clear(): void {
    this.offered.clear()
    this.refused.clear()
    for (const one of this.latencies.values()) one.clear()
  }

  /** Notes how old the events of a frame are, for the tier whose channel it is about. */
  noteFrame(bytes: Buffer): void {
    const tier = tiers.find(({ name }) => bytes[nameStart] === name.charCodeAt(0))
    if (tier !== undefined && bytes[7] === 0x65)
      noteLatencies(bytes, this.latencies.get(tier.name) as Latencies)
  }

  #hear(bytes: Buffer): void {
    for (let at = bytes.indexOf(replyStart); at >= 0; ) {
      const next = bytes.indexOf(replyStart, at + replyStart.length)
      const id = Number.parseInt(
        bytes.toString('latin1', at + replyStart.length, at + replyStart.length + 10),
        10,
      )
      const tier = this.#tierOf.get(id)
      this.#tierOf.delete(id)
      const refusedAt = bytes.indexOf(refusal, at)
      if (tier !== undefined && refusedAt >= 0 && (next < 0 || refusedAt < next)) count(this.refused, tier)
      this.answered += 1
      this.onAnswer?.()
      at = next
    }
  }
}

/** Names of one length for each tier. */
function channelOf(tier: string, index: number): string {
  return `${tier}:${100 + index}`
}

function count(counts: Map<string, number>, tier: string): void {
  counts.set(tier, (counts.get(tier) ?? 0) + 1)
}

/** The tiers of 100 messages in their shares, spread evenly. */
function inShares(): string[] {
  const slots = tiers.flatMap(({ name, share }) =>
    Array.from({ length: share }, (_, index) => ({ name, at: (index + 0.5) / share })),
  )
  return slots.sort((one, other) => one.at - other.at).map(({ name }) => name)
}

/** Measures how much the server can carry, then offers it shares of that, and sees what becomes of each tier. */
export async function tieredLoad(ask: TiersAsk): Promise<TiersResult> {
  const tally = new Tally()
  const channelsOf = (member: number) => tiers.map(({ name }) => channelOf(name, member % ask.channels))
  const crowd = await openCrowd({ port: ask.port, wire: 'parley', size: ask.subscribers, channelsOf }, tally)
  const publishers = await openCrowd(
    { port: ask.port, wire: 'parley', size: ask.publishers * tiers.length, channelsOf: () => [] },
    tally,
  )
  const traffic = new Traffic(publishers, ask.channels)
  // One member of every channel.
  for (const connection of crowd.slice(0, ask.channels))
    connection.inspect = (bytes) => traffic.noteFrame(bytes)
  const capacity = await measureCapacity(ask, traffic)
  const loads: LoadResult[] = []
  for (const load of ask.loads) loads.push(await offer(ask, { traffic, tally, perSecond: capacity * load }))
  closeCrowd([...crowd, ...publishers])
  return { capacity, loads }
}

async function measureCapacity({ window, millis }: TiersAsk, traffic: Traffic): Promise<number> {
  traffic.onAnswer = () => traffic.publish()
  for (let sent = 0; sent < window; sent++) traffic.publish()
  await pause(startMillis)
  const [began, before] = [performance.now(), traffic.answered]
  await pause(millis)
  const capacity = ((traffic.answered - before) * 1_000) / (performance.now() - began)
  traffic.onAnswer = undefined
  await drained(traffic)
  return capacity
}

async function offer(
  { pid, millis }: TiersAsk,
  { traffic, tally, perSecond }: { traffic: Traffic; tally: Tally; perSecond: number },
): Promise<LoadResult> {
  const stop = traffic.atRate(perSecond)
  await pause(startMillis)
  traffic.clear()
  const spentSince = startSpending(pid)
  await pause(millis)
  const { disturbed, loader } = spentSince()
  stop()
  // What waits now is delivered still: its time belongs to its tier.
  await drained(traffic)
  requireClean(tally)
  const results = tiers.map(({ name }) => {
    const latencies = traffic.latencies.get(name) as Latencies
    const offered = traffic.offered.get(name) ?? 0
    const result: TierResult = {
      p50: latencies.percentile(0.5),
      p99: latencies.percentile(0.99),
      offered,
      refused: (traffic.refused.get(name) ?? 0) / Math.max(1, offered),
    }
    return [name, result] as const
  })
  return { disturbed, loader, tiers: Object.fromEntries(results) as LoadResult['tiers'] }
}

/** Waits until every publish has its answer: what was taken in is carried out, however long it waited. */
async function drained(traffic: Traffic): Promise<void> {
  const isDone = await settle(() => traffic.answered >= traffic.published, 60_000)
  if (!isDone) throw new Error(`${traffic.published - traffic.answered} publishes got no answer.`)
  // The events of the last ones are under way.
  await pause(100)
}
