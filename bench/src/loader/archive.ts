import { Asker } from './asker.ts'
import { Latencies } from './latency.ts'

export interface ArchiveAsk {
  readonly port: number
  readonly reader: string
  /** The room with most of the messages, and its newest seq. */
  readonly channel: string
  readonly head: number
  /** What is looked for, one a turn. */
  readonly searches: readonly object[]
  readonly turns: number
}

export interface ArchiveResult {
  readonly history: number
  readonly search: number
  readonly unread: number
  /** Found by all searches together, so that one that finds nothing is no success. */
  readonly found: number
}

interface Page {
  readonly messages: readonly unknown[]
}

/** Reads and searches an archive of messages: p99 of each in ms, one question at a time. */
export async function archive(
  ask: ArchiveAsk,
  onStretch: (isOn: boolean) => Promise<void>,
): Promise<ArchiveResult> {
  const asker = await Asker.open(ask.port, ask.reader)
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  let found = 0
  const history = await timed(ask.turns, async () => {
    const before = 100 + random(ask.head - 100)
    const page = await asker.call<Page>('chat.history', { channel: ask.channel, before, limit: 50 })
    if (page.messages.length === 0) throw new Error(`The page before ${before} is empty.`)
  })
  await onStretch(true)
  const search = await timed(ask.turns, async (turn) => {
    const page = await asker.call<Page>('chat.search', ask.searches[turn % ask.searches.length] as object)
    found += page.messages.length
  })
  await onStretch(false)
  const unread = await timed(Math.min(ask.turns, 200), () => asker.call('chat.unread', {}))
  asker.close()
  return { history, search, unread, found }
}

async function timed(turns: number, run: (turn: number) => Promise<unknown>): Promise<number> {
  const latencies = new Latencies()
  const warm = Math.ceil(turns / 10)
  for (let turn = -warm; turn < turns; turn++) {
    const began = performance.now()
    await run(turn + warm)
    if (turn >= 0) latencies.add(performance.now() - began)
  }
  return latencies.percentile(0.99)
}
