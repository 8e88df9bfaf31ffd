import type { Stream } from './oracle/stream.ts'
import { maxQueuedUnits } from './world/database.ts'
import type { SimulatedLink } from './world/link.ts'
import type { Reading } from './world/reading.ts'
import type { Tab } from './world/tab.ts'
import type { World } from './world/world.ts'

const lookMs = 500
/** Looks after which whoever has a good connection must have what was known then. */
const looks = 3

/**
 * Looks, again and again while everything goes on, whether queues are within their bounds, and whether those that
 * nothing has happened to get what is theirs in time: what is mended in the end by another connection may have been
 * broken for long.
 */
export class Watch {
  readonly #world: World
  /** Heads of streams at the last looks, the oldest first. */
  readonly #heads: Map<Stream, number>[] = []
  #isOver = false

  constructor(world: World) {
    this.#world = world
  }

  start(): void {
    this.#world.clock.after(lookMs, () => {
      if (this.#isOver) return
      this.#checkQueues()
      // Among several nodes, signals may be lost and are missed only after half a minute.
      if (this.#world.nodes.count === 1) this.#checkLiveness()
      this.start()
    })
  }

  stop(): void {
    this.#isOver = true
  }

  #checkQueues(): void {
    for (const { store, process } of this.#world.nodes.all()) {
      const { queued } = store.status()
      this.#world.mostQueued = Math.max(this.#world.mostQueued, queued)
      if (queued > maxQueuedUnits)
        this.#world.oracle.verdict.fault('held', `${queued} units wait for the disk of ${process.name}`)
    }
  }

  #checkLiveness(): void {
    const heads = new Map<Stream, number>()
    for (const { streams } of this.#world.oracle.channels())
      for (const stream of streams.values()) heads.set(stream, stream.head)
    this.#heads.push(heads)
    if (this.#heads.length <= looks) return
    const then = this.#heads.shift() as Map<Stream, number>
    const sinceMs = this.#world.clock.elapsed() - lookMs * looks
    for (const tab of this.#world.tabs)
      if (isCalm(tab, sinceMs))
        for (const reading of tab.readings.values()) this.#check(tab, reading, { then, sinceMs })
  }

  #check(
    tab: Tab,
    reading: Reading,
    { then, sinceMs }: { readonly then: ReadonlyMap<Stream, number>; readonly sinceMs: number },
  ): void {
    const behind = reading.isBehind(then, sinceMs)
    if (behind !== undefined)
      this.#world.oracle.verdict.fault('stuck', `${tab.name} in ${reading.channel} ${behind}`, {
        ...{ channel: reading.channel, who: tab.name },
      })
  }
}

/**
 * Whether nothing has happened to a tab and those that it shares its connection with, any of their connections and their
 * node since a time.
 */
function isCalm({ companions, links }: Tab, sinceMs: number): boolean {
  for (const { process } of companions)
    if (process === undefined || process.isFrozen || process.disturbedAt > sinceMs) return false
  // Over HTTP, who has lost the way back may still have requests on their way.
  const isHearing = links.some(({ parts }) => !parts.isUplink)
  return isHearing && links.every((link) => isCalmLink(link, sinceMs))
}

function isCalmLink({ calmSince, parts: { node } }: SimulatedLink, sinceMs: number): boolean {
  return calmSince <= sinceMs && !node.isDead && !node.isFrozen && node.disturbedAt <= sinceMs
}
