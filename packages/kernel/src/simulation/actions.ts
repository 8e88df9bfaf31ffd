import type { Action, Deed, Fault } from './schedule.ts'
import type { SignalFault } from './world/lines.ts'
import type { Tab } from './world/tab.ts'
import type { World } from './world/world.ts'

/** What an action does; answers false when there was nothing to do it to. */
type Act = (world: World, action: Action) => boolean

const tabOf = ({ tabs }: World, { who }: Action) => tabs[who % tabs.length] as Tab
const channelOf = ({ channels }: World, { channel }: Action) => channels[channel % channels.length] as string
const slotOf = ({ nodes }: World, { who }: Action) => who % nodes.count
/** Tabs take the lead from one that has not answered for so long. */
const takesLeadMs = 9_000

const later = (world: World, { forMs }: Action, run: () => void) => void world.clock.after(forMs, run)

/** Does something to the link of a tab. */
const toLink =
  (act: (link: NonNullable<Tab['link']>, action: Action, world: World) => void): Act =>
  (world, action) => {
    const { link } = tabOf(world, action)
    if (link === undefined || link.isOver) return false
    act(link, action, world)
    return true
  }

const drainAndBoot = (world: World, slot: number): boolean =>
  world.nodes.drain(slot, () => world.nodes.boot(slot))

/** Signals between nodes meet a fault for a while. Those that did are counted there. */
function disturb(fault: SignalFault): Act {
  return (world, action) => {
    if (world.nodes.count === 1) return false
    world.lines.disturb(fault, true)
    later(world, action, () => world.lines.disturb(fault, false))
    return true
  }
}

function reload(world: World, tab: Tab, action: Action): boolean {
  if (tab.client === undefined) return false
  tab.shut(([1001, 1000, undefined, undefined] as const)[action.amount % 4])
  later(world, { ...action, forMs: action.forMs * 4 }, () => tab.open())
  return true
}

/** The system gives a tab no time for a while. */
function freeze(world: World, { process }: Tab, forMs: number): boolean {
  if (process === undefined || process.isFrozen) return false
  process.freeze()
  void world.clock.after(forMs, () => process.thaw())
  return true
}

/** Does something to a tab that has the connection of others as well. */
function toLeader(act: (tab: Tab, action: Action, world: World) => boolean): Act {
  return (world, action) => {
    const leaders = world.tabs.filter(({ page, client }) => page !== undefined && client?.isLeader === true)
    const tab = leaders[action.who % Math.max(leaders.length, 1)]
    return tab !== undefined && act(tab, action, world)
  }
}

/** Somebody writes, and is gone. What that does to the outbox is counted there. */
function writeAndReload(world: World, action: Action, afterMs: number): boolean {
  const tab = tabOf(world, action)
  if (tab.store === undefined) return false
  tab.calls.publish({ channel: channelOf(world, action), count: 3 + (action.amount % 10), isKeyed: true })
  later(world, { ...action, forMs: afterMs }, () => reload(world, tab, action))
  return false
}

const mishaps: Readonly<Record<Fault, Act>> = {
  delay: (world, action) => {
    const place = action.amount % 4 === 0 ? undefined : tabOf(world, action).place
    world.network.delay(place, 50 + (action.amount % 400))
    later(world, action, () => world.network.delay(place, 0))
    return true
  },
  // The node may hear of it late, when the client is back already; or the client has no network for a while.
  link_loss: toLink((link, action, world) => {
    const { amount, forMs } = action
    const lagMs = 300 + Math.min(forMs, 1_200)
    const isLateAtNode = amount % 3 > 0 && amount % 5 > 1
    link.drop(amount % 3 === 0 ? lagMs : 0, isLateAtNode ? lagMs : 0)
    if (isLateAtNode) return
    const { place } = tabOf(world, action)
    world.network.isolate(place, true)
    later(world, { ...action, forMs: forMs * 10 }, () => world.network.isolate(place, false))
  }),
  half_open: toLink((link, { amount }) => {
    link.halfOpen((['client', 'node', 'both'] as const)[amount % 3] ?? 'both')
  }),
  slow_reader: (world, action) => {
    const { link } = tabOf(world, action)
    if (link === undefined) return false
    link.stall(0)
    const sips = 3 + (action.amount % 12)
    for (let sip = 1; sip <= sips; sip++)
      world.clock.after((action.forMs * sip) / sips, () =>
        sip === sips ? link.resume() : link.sip(20 + (action.amount % 300)),
      )
    return true
  },
  stalled_reader: toLink((link, action, world) => {
    link.stall(action.amount % 700)
    later(world, { ...action, forMs: action.forMs * 3 }, () => link.resume())
  }),
  cut: (world, action) => {
    const tab = tabOf(world, action)
    const { link } = tab
    if (link === undefined || link.isOver) return false
    for (const one of tab.companions) one.wasCut = true
    link.cut(action.channel % 2 === 0 ? 'client' : 'node', action.amount)
    return true
  },
  reload: (world, action) => reload(world, tabOf(world, action), action),
  // Two tabs of one user do the same at the same time.
  two_tabs: (world, action) => {
    const { app, user } = tabOf(world, action)
    const twins = world.tabs.filter((tab) => tab.app === app && tab.user === user && tab.client !== undefined)
    const channel = channelOf(world, action)
    for (const tab of twins) {
      tab.setMood(channel, action.amount)
      tab.calls.publish({ channel, count: 1 + (action.amount % 5), isKeyed: true })
    }
    return twins.length > 1
  },
  token_expiry: (world, action) => {
    const tab = tabOf(world, action)
    if (tab.client === undefined) return false
    for (const one of tab.companions) {
      one.badTokensUntil = world.clock.elapsed() + action.forMs * 8
      one.isTokenLate = action.amount % 2 === 0
    }
    if (action.amount % 4 === 0) tab.link?.drop(0, 0)
    return true
  },
  access_change: (world, action) => {
    const { app, user } = tabOf(world, action)
    const channel = world.channels.find((name) => name.startsWith('club:'))
    if (channel === undefined) return false
    world.backend.membership(app, channel, user, false)
    later(world, action, () => world.backend.membership(app, channel, user, true))
    return true
  },
  // It is counted where somebody is refused.
  rate_limit: (world, action) => {
    world.nodes.limitRates(true)
    later(world, { ...action, forMs: action.forMs * 2 }, () => world.nodes.limitRates(false))
    return false
  },
  crash: (world, action) => {
    const slot = slotOf(world, action)
    if (!world.nodes.kill(slot, {})) return false
    later(world, { ...action, forMs: action.forMs / 2 }, () => world.nodes.boot(slot))
    return true
  },
  power_cut: (world, action) => {
    const slot = slotOf(world, action)
    if (!world.nodes.kill(slot, { isSilent: true })) return false
    later(world, action, () => world.nodes.boot(slot))
    return true
  },
  restart: (world, action) => {
    const slot = slotOf(world, action)
    if (!world.nodes.kill(slot, {})) return false
    world.nodes.boot(slot)
    return true
  },
  restore: (world, action) => {
    if (action.amount % 2 === 0) {
      world.database.backUp(world.clock.elapsed())
      world.note('a backup is taken')
      return false
    }
    for (let slot = 0; slot < world.nodes.count; slot++) world.nodes.kill(slot, {})
    world.wasRestored = true
    world.oracle.restored(world.database.restore())
    world.note('the backup is restored')
    for (let slot = 0; slot < world.nodes.count; slot++) world.nodes.boot(slot)
    return true
  },
  disk_full: (world, action) => {
    world.database.isFull = true
    later(world, action, () => {
      world.database.isFull = false
    })
    return true
  },
  slow_disk: (world, action) => {
    world.database.slowness = 5 + (action.amount % 40)
    later(world, action, () => {
      world.database.slowness = 1
    })
    return true
  },
  failed_commit: (world) => world.database.fail('failed'),
  unknown_outcome: (world, { amount }) =>
    world.database.fail(amount % 2 === 0 ? 'unknown_lost' : 'unknown_stored'),
  torn_tail: (world) => world.database.fail('torn'),
  clock_jump: (world, action) => {
    const ms = (action.amount - 500) * 40
    const tab = tabOf(world, action)
    const process =
      action.channel % 3 === 0 ? tab.process : world.nodes.running(slotOf(world, action))?.process
    process?.jump(ms)
    // Somebody notices, and sets it right.
    later(world, { ...action, forMs: action.forMs * 2 }, () => process?.jump(-ms))
    return process !== undefined
  },
  sigstop: (world, action) => {
    const process = world.nodes.running(slotOf(world, action))?.process
    if (process === undefined || process.isFrozen) return false
    process.freeze()
    later(world, action, () => process.thaw())
    return true
  },
  tab_frozen: (world, action) => freeze(world, tabOf(world, action), action.forMs * 3),
  drain: (world, action) => drainAndBoot(world, slotOf(world, action)),
  rolling_restart: (world, action) => {
    const roll = (slot: number): void => {
      if (slot < world.nodes.count)
        world.nodes.drain(slot, () => {
          world.nodes.boot(slot)
          later(world, action, () => roll(slot + 1))
        })
    }
    roll(0)
    return true
  },
  broker_loss: (world, action) => {
    if (world.nodes.count === 1) return false
    const ids = world.nodes.ids
    const isLogLost = action.amount % 3 === 0
    world.lines.cut(ids, isLogLost)
    if (isLogLost) world.oracle.memoryLost()
    later(world, action, () => world.lines.mend(ids))
    return true
  },
  partition: (world, action) => {
    const { ids, count } = world.nodes
    if (count === 1) return false
    const cut = 1 + (action.amount % (count - 1))
    world.lines.split(ids.slice(0, cut), ids.slice(cut))
    later(world, action, () => world.lines.heal())
    return true
  },
  announcement_lost: disturb('lost'),
  announcement_doubled: disturb('doubled'),
  announcement_late: disturb('late'),
  announcement_swapped: disturb('swapped'),
  outbox_reload: (world, action) => writeAndReload(world, action, 5 + (action.amount % 200)),
  outbox_lost: (world, action) => writeAndReload(world, action, action.amount % 12),
  outbox_slow: (world, action) => {
    const { store } = tabOf(world, action)
    if (store !== undefined) store.slowness = 5 + (action.amount % 60)
    later(world, action, () => store?.mend())
    return false
  },
  outbox_full: (world, action) => {
    const { store } = tabOf(world, action)
    if (store !== undefined) store.isFull = true
    later(world, action, () => store?.mend())
    return false
  },
  sockets_blocked: (world, action) => {
    const { place } = tabOf(world, action)
    const broken = world.network.blockSockets(place)
    later(world, { ...action, forMs: action.forMs * 5 }, () => world.network.allowSockets(place))
    return broken > 0
  },
  leader_closed: toLeader((tab, action, world) => reload(world, tab, action)),
  // The others wait for it, or take the lead from it.
  leader_frozen: toLeader((tab, action, world) =>
    freeze(world, tab, action.forMs * 2 + (action.channel % 2) * takesLeadMs),
  ),
  // It is put aside, and gone back to.
  page_left: (world, action) => {
    const shared = world.tabs.filter(({ page, client }) => page !== undefined && client !== undefined)
    const tab = shared[action.who % Math.max(shared.length, 1)]
    if (tab?.page === undefined || tab.process?.isFrozen !== false) return false
    const { page } = tab
    page.leave()
    freeze(world, tab, action.forMs * 3)
    later(world, { ...action, forMs: action.forMs * 3 }, () => page.comeBack())
    return true
  },
}

const deeds: Readonly<Record<Deed, Act>> = {
  publish: (world, action) => {
    const tab = tabOf(world, action)
    const count = 1 + (action.amount % 30)
    tab.calls.publish({ channel: channelOf(world, action), count, isKeyed: action.amount % 3 > 0 })
    return true
  },
  edit: (world, action) => {
    const rooms = world.channels.filter((channel) => !channel.startsWith('club:'))
    const channel = rooms[action.channel % rooms.length] as string
    tabOf(world, action).calls.sendAndEdit({
      channel,
      count: 1 + (action.amount % 3),
      isKeyed: action.amount % 2 > 0,
    })
    return true
  },
  many: (world, action) => {
    const channels = world.channels.filter((channel) => !channel.startsWith('club:'))
    tabOf(world, action).calls.publishMany(channels, action.amount % 2 > 0)
    return true
  },
  rest: (world, action) => {
    const app = world.apps[action.who % world.apps.length] as string
    for (let left = 1 + (action.amount % 5); left > 0; left--)
      world.backend.publish(app, channelOf(world, action), action.amount % 2 > 0)
    return true
  },
  // Some speak in the same breath.
  subscribe: (world, action) => {
    const tab = tabOf(world, action)
    const channel = channelOf(world, action)
    const isFiltered = action.amount % 3 === 0
    const speaks = action.amount % 2 === 0
    if (speaks) tab.calls.publish({ channel, count: 2, isKeyed: true })
    tab.subscribe(channel, isFiltered)
    if (speaks) tab.calls.publish({ channel, count: 1, isKeyed: true })
    return true
  },
  unsubscribe: (world, action) => {
    const isFiltered = action.amount % 3 === 0
    tabOf(world, action).unsubscribe(channelOf(world, action), isFiltered, action.amount % 4 > 0)
    return true
  },
  mood: (world, action) => {
    tabOf(world, action).setMood(channelOf(world, action), action.amount)
    return true
  },
  history: (world, action) => {
    const channel = channelOf(world, action)
    if (channel.startsWith('live:')) return false
    const how = { limit: 5 + (action.amount % 40), isBackward: action.amount % 2 === 0 }
    void tabOf(world, action).readHistory(channel, how)
    return true
  },
  redact: (world, action) => {
    const { app } = tabOf(world, action)
    const truth = world.oracle.channel(app, channelOf(world, action))
    if (truth.durability !== 'durable') return false
    const promised = truth.publications.filter(({ state, place }) => state === 'acked' && place !== undefined)
    const chosen = promised.at(-1 - (action.amount % 8))
    if (chosen !== undefined) world.backend.redact(chosen)
    return true
  },
}

const isFault = (name: string): name is Fault => Object.hasOwn(mishaps, name)

/** Does what an action says. */
export function perform(world: World, action: Action): void {
  const { do: name } = action
  world.note(
    `— ${name} (who ${action.who}, channel ${action.channel}, amount ${action.amount}, ${action.forMs} ms)`,
  )
  if (isFault(name)) {
    if (mishaps[name](world, action)) world.happened(name)
  } else deeds[name](world, action)
}
