import type { ChannelEvent } from '@parley/client'
import type { ChannelTruth } from '@parley/kernel/simulation'
import { signToken } from './settings.ts'
import type { World } from './world.ts'

interface Page {
  readonly events: readonly ChannelEvent[]
  readonly epoch: string
  readonly head: number
  readonly first: number
  readonly next?: number
}

/** Reads every channel that is stored from end to end, over REST: nothing that was promised may be missing. */
export async function checkHistories(world: World): Promise<void> {
  for (const truth of world.oracle.channels())
    if (truth.durability !== 'ephemeral') await readAll(world, truth)
}

async function readAll({ oracle, server }: World, truth: ChannelTruth): Promise<void> {
  const facts = { who: 'the reader of everything', app: 'default', user: '', truth }
  let last: Page | undefined
  for (let after: number | undefined = 0; after !== undefined; after = last.next) {
    const askedAt = performance.now()
    const url = `${server.url}/api/channels/${truth.channel}/events?after=${after}&limit=1000`
    const response = await fetch(url, { headers: { authorization: `Bearer ${signToken('historian')}` } })
    if (!response.ok) {
      const text = `The history of ${truth.channel} cannot be read: ${await response.text()}`
      oracle.verdict.fault('stuck', text, { channel: truth.channel })
      return
    }
    last = (await response.json()) as Page
    oracle.read(facts, last, askedAt)
  }
  if (last !== undefined) oracle.holds(truth, last.epoch, last.first)
}
