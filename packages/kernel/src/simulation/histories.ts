import type { HistoryPage } from '../context.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { World } from './world/world.ts'

const everything = [{ pattern: '*', actions: ['*'] }] as const

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
