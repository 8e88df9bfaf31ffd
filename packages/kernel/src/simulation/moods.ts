import type { Reading } from './world/reading.ts'
import type { Tab } from './world/tab.ts'
import type { World } from './world/world.ts'

/** A tab that sees another keyed state than it should. */
export interface Difference {
  readonly tab: Tab
  readonly channel: string
  readonly text: string
}

/** Everybody who looks sees the same keyed state: what those who are there have set, and nothing else. */
export function differencesInState(world: World): readonly Difference[] {
  return world.apps.flatMap((app) =>
    world.channels.flatMap((channel) => {
      const there = world.tabs.filter((tab) => tab.app === app && isIn(tab, channel))
      return there.flatMap((tab) => differencesOf(tab, { channel, there }))
    }),
  )
}

function differencesOf(
  tab: Tab,
  { channel, there }: { readonly channel: string; readonly there: readonly Tab[] },
): readonly Difference[] {
  const found: Difference[] = []
  for (const reading of tab.readings.values()) {
    if (reading.channel !== channel || !reading.isOpen) continue
    const missing = expectedIn(channel, there)
    const more = seenBy(reading).filter((entry) => !takeOne(missing, entry))
    const wrong = more.filter((entry) => !there.some((other) => lingers(other, channel, entry)))
    if (missing.length > 0 || wrong.length > 0)
      found.push({
        ...{ tab, channel },
        text: `${tab.name} in ${channel} lacks [${missing.map((some) => some.join(' or ')).join(', ')}], and sees [${wrong.join(', ')}] besides`,
      })
  }
  return found
}

/**
 * Entries that are expected, each one of a few: tabs that share a connection share its entries, and show that of one of
 * them.
 */
function expectedIn(channel: string, there: readonly Tab[]): (readonly string[])[] {
  return [...new Set(there.map(({ place }) => place))].flatMap((place) => {
    const tabs = there.filter((tab) => tab.place === place)
    const moods = tabs.flatMap(({ user, moods }) =>
      moods.has(channel) ? [`${user} mood ${moods.get(channel)}`] : [],
    )
    return [[`${tabs[0]?.user} presence`], ...(moods.length === 0 ? [] : [moods])]
  })
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

function takeOne(list: (readonly string[])[], entry: string): boolean {
  const index = list.findIndex((some) => some.includes(entry))
  if (index >= 0) list.splice(index, 1)
  return index >= 0
}

function isIn(tab: Tab, channel: string): boolean {
  return [...tab.readings.values()].some((reading) => reading.channel === channel && reading.isOpen)
}
