import { checkHistories } from './histories.ts'
import { differencesInState } from './moods.ts'
import { brokerLeaseMs } from './world/lines.ts'
import { presenceGraceMs } from './world/module.ts'
import { limits } from './world/nodes.ts'
import type { World } from './world/world.ts'

/** Virtual milliseconds that it took until all was as it should be. */
export interface SettlingTimes {
  /** From the last fault until everybody had everything. */
  readonly settledMs: number
  /** And then until all saw the same keyed state. */
  readonly convergedMs: number
}

/** After the last fault, everybody must have everything within this time: positions are compared each half minute. */
const settleWithinMs = 45_000
/**
 * Once everybody is connected, all must see the same keyed state within this time. Nodes agree within the lease of the
 * broker and 2 s, and keep what is of a node that is gone for a grace; a node notices that a client is gone by its
 * silence, and keeps its session for a while.
 */
const convergeWithinMs =
  brokerLeaseMs + 2_000 + presenceGraceMs + limits.pingIntervalMs + limits.pingTimeoutMs + limits.sessionTtlMs
const lookMs = 250

/** Nothing goes wrong any more: all must become quiet, and then right. */
export async function settle(world: World): Promise<SettlingTimes> {
  // What was begun for a while comes to its end.
  await world.clock.advance(4_200)
  world.note('— from here on nothing goes wrong')
  world.calm()
  const began = world.clock.elapsed()
  await becomeQuiet(world, began)
  const settledMs = world.clock.elapsed() - began
  if (!isQuiet(world)) reportStuck(world)
  const convergedMs = await converge(world)
  await checkHistories(world)
  // Meanwhile, a slow reader may have been the first to see what nobody waited for.
  await becomeQuiet(world, world.clock.elapsed())
  world.oracle.settle()
  await checkBaseline(world)
  return { settledMs, convergedMs }
}

async function becomeQuiet(world: World, began: number): Promise<void> {
  while (!isQuiet(world) && world.clock.elapsed() - began < settleWithinMs) await world.clock.advance(lookMs)
}

async function converge(world: World): Promise<number> {
  const began = world.clock.elapsed()
  const passedMs = () => world.clock.elapsed() - began
  while (differencesInState(world).length > 0 && passedMs() < convergeWithinMs)
    await world.clock.advance(lookMs)
  for (const { tab, channel, text } of differencesInState(world))
    world.oracle.verdict.fault('diverged', text, { channel, who: tab.name })
  return passedMs()
}

function isQuiet(world: World): boolean {
  // Who sits at a half-open connection takes it for a good one until its silence is noticed.
  return world.backend.open === 0 && world.tabs.every((tab) => tab.isQuiet && tab.link?.isSound === true)
}

function reportStuck(world: World): void {
  const { verdict } = world.oracle
  if (world.backend.open > 0)
    verdict.fault('stuck', `${world.backend.open} requests of back ends have no answer`)
  for (const tab of world.tabs)
    if (!tab.isQuiet) verdict.fault('stuck', `${tab.name} ${tab.standing}`, { who: tab.name })
}

/** Everybody leaves: nothing stays behind. */
async function checkBaseline(world: World): Promise<void> {
  const { verdict } = world.oracle
  // What was answered last is being removed.
  if (world.stores.size > 0) await world.clock.advance(500)
  for (const [name, { size }] of world.stores)
    if (size > 0) verdict.fault('held', `The outbox of ${name} still keeps ${size} calls`, { who: name })
  for (const tab of world.tabs) tab.leave()
  // Over requests, a farewell may wait for what was sent before.
  await world.clock.advance(world.wire === undefined ? 1_000 : 4_000)
  for (const { name, process } of world.tabs)
    if (process !== undefined && process.pendingTimers > 0)
      verdict.fault('held', `${name} has ${process.pendingTimers} timers after it has left`, { who: name })
  await world.clock.advance(20_000)
  for (const { node } of world.nodes.all()) {
    const { connections, sessions, channels, subscriptions, calls } = node.status()
    const held = { connections, sessions, channels, subscriptions, calls }
    if (Object.values(held).some((count) => count > 0))
      verdict.fault('held', `After everybody has left, a node holds ${JSON.stringify(held)}`)
  }
  const links = world.network.links()
  if (links.length > 0)
    verdict.fault(
      'held',
      `${links.length} links are still open: ${links.map((link) => link.standing).join(', ')}`,
    )
}
