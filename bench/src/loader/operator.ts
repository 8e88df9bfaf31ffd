import { median } from '../lines.ts'
import { signToken } from '../token.ts'
import { Asker } from './asker.ts'
import type { Connection } from './connection.ts'
import { closeCrowd, openCrowd } from './crowd-of.ts'
import { Tally } from './tally.ts'

export interface OperatorAsk {
  readonly port: number
  readonly connections: number
  /** Pages asked for of each sort. */
  readonly pages: number
}

/** ms until a page of the list of connections is there: the median of those of one sort. */
export interface OperatorResult {
  readonly first: number
  readonly deep: number
  readonly search: number
  readonly channel: number
  readonly queued: number
  readonly listed: number
}

interface Page {
  readonly connections: readonly { readonly session: string; readonly sequence: number }[]
  readonly total: number
}

const command = 'operations.connections'

/** Who is opened answers pings only when its part of the crowd is whole: parts are small. */
const part = 1_000

async function openAll(port: number, connections: number): Promise<Connection[]> {
  const crowd: Connection[] = []
  while (crowd.length < connections) {
    const first = crowd.length
    const size = Math.min(part, connections - first)
    const tokens = Array.from({ length: size }, (_, member) => signToken(`user-${first + member}`))
    const channelsOf = (member: number) => [`room:${member}`]
    crowd.push(
      ...(await openCrowd({ wire: 'parley', port, size, atOnce: 16, channelsOf, tokens }, new Tally())),
    )
  }
  return crowd
}

/** Opens connections, then lists them as an operator does: the first page, one far down, searches, the most loaded. */
export async function operator({ port, connections, pages }: OperatorAsk): Promise<OperatorResult> {
  const crowd = await openAll(port, connections)
  const asker = await Asker.open(port, 'operator')
  const list = (query: object) => asker.call(command, { limit: 50, ...query }) as Promise<Page>
  const whole = await list({ order: 'oldest' })
  const middle = (whole.connections[0]?.sequence ?? 0) + Math.floor(connections / 2)
  const timed = async (query: (page: number) => object): Promise<number> => {
    const times: number[] = []
    for (let page = 0; page < pages; page++) {
      const begun = performance.now()
      await list(query(page))
      times.push(performance.now() - begun)
    }
    return median(times)
  }
  const result: OperatorResult = {
    first: await timed(() => ({})),
    deep: await timed(() => ({ after: middle })),
    // One match, at the end of all that are looked through.
    search: await timed((page) => ({ text: `user-${page}`, order: 'newest' })),
    channel: await timed((page) => ({ channel: `room:${page}` })),
    queued: await timed(() => ({ order: 'queued' })),
    listed: whole.total,
  }
  asker.close()
  closeCrowd(crowd)
  return result
}
