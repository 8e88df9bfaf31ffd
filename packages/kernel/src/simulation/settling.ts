import type { HistoryPage } from '../context.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Reading } from './world/reading.ts'
import type { Tab } from './world/tab.ts'
import type { World } from './world/world.ts'

/** Whether a tab follows a channel from the beginning: most do. */
export function sees(tab: number, channel: number): boolean {
  return (tab + channel) % 4 !== 3
}

const everything = [{ pattern: '*', actions: ['*'] }] as const

/** Everybody who looks sees the same keyed state: what those who are there have set, and nothing else. */
export function checkMoods(world: World): void {
  for (const app of world.apps)
    for (const channel of world.channels) {
      const there = world.tabs.filter((tab) => tab.app === app && isIn(tab, channel))
      for (const tab of there) checkMoodsOf(world, tab, { channel, there })
    }
}

function checkMoodsOf(
  world: World,
  tab: Tab,
  { channel, there }: { readonly channel: string; readonly there: readonly Tab[] },
): void {
  for (const reading of tab.readings.values()) {
    if (reading.channel !== channel || !reading.isOpen) continue
    const missing = there.flatMap((other) => [`${other.user} presence`, ...moodOf(other, channel)])
    const more = seenBy(reading).filter((entry) => !takeOne(missing, entry))
    const wrong = more.filter((entry) => !there.some((other) => lingers(other, channel, entry)))
    if (missing.length > 0 || wrong.length > 0)
      world.oracle.verdict.fault(
        'diverged',
        `${tab.name} in ${channel} lacks [${missing.join(', ')}], and sees [${wrong.join(', ')}] besides`,
        { channel, who: tab.name },
      )
  }
}

function moodOf(tab: Tab, channel: string): readonly string[] {
  const mood = tab.moods.get(channel)
  return mood === undefined ? [] : [`${tab.user} mood ${mood}`]
}

function seenBy(reading: Reading): readonly string[] {
  return reading.entries.map(
    ({ user, name, value }) => `${user} ${name}${name === 'mood' ? ` ${value}` : ''}`,
  )
}

function lingers(tab: Tab, channel: string, entry: string): boolean {
  const [user, name, mood = ''] = entry.split(' ')
  return user === tab.user && name === 'mood' && tab.mayLinger(channel, mood)
}

function takeOne(list: string[], entry: string): boolean {
  const index = list.indexOf(entry)
  if (index >= 0) list.splice(index, 1)
  return index >= 0
}

function isIn(tab: Tab, channel: string): boolean {
  return [...tab.readings.values()].some((reading) => reading.channel === channel && reading.isOpen)
}

/** Reads every channel from end to end. */
export async function checkHistories(world: World): Promise<void> {
  for (const app of world.apps)
    for (const channel of world.channels) {
      const truth = world.oracle.channel(app, channel)
      if (truth.durability !== 'ephemeral') await readAll(world, app, channel)
    }
}

async function readAll(world: World, app: string, channel: string): Promise<void> {
  const truth = world.oracle.channel(app, channel)
  const who = { who: 'the reader of everything', app, user: '', truth }
  let after: number | undefined = 0
  let last: HistoryPage | undefined
  while (after !== undefined) {
    const page = await call(world, app, { channel, after, limit: 200 })
    if (page === undefined) return
    world.oracle.read(who, page, world.clock.elapsed())
    last = page
    after = page.next
  }
  if (last !== undefined) world.oracle.holds(truth, last.epoch, last.first)
}

async function call(world: World, app: string, input: object): Promise<HistoryPage | undefined> {
  const node = world.nodes.serving()?.node
  const identity: Identity = { app, role: 'backend', grants: everything }
  let page: HistoryPage | undefined
  let problem: unknown
  node?.call(identity, 'sim.history', input).then(
    (output) => {
      page = output as HistoryPage
    },
    (error: unknown) => {
      problem = error
    },
  )
  await world.clock.advance(50)
  if (page === undefined)
    world.oracle.verdict.fault('stuck', `The history of a channel cannot be read: ${String(problem)}`)
  return page
}

/** Everybody leaves: nothing stays behind. */
export async function checkBaseline(world: World): Promise<void> {
  const { verdict } = world.oracle
  for (const tab of world.tabs) tab.leave()
  await world.clock.advance(1_000)
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
