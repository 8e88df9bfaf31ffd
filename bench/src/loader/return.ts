import { signToken } from '../token.ts'
import { Connection } from './connection.ts'
import { closeCrowd, openCrowd } from './crowd-of.ts'
import { parleyWire, reply } from './parley-wire.ts'
import { Tally } from './tally.ts'
import { requireClean, settle } from './window.ts'

/** Members of a channel see the same events. */
const membersPerChannel = 10

export interface MissAsk {
  readonly port: number
  readonly clients: number
  readonly missed: number
}

/** Where every client stood before the events that it missed. */
export interface Missed {
  readonly positions: readonly { readonly epoch: string; readonly offset: number }[]
}

export interface ReturnAsk extends MissAsk, Missed {}

const channelOf = (client: number): string => `ledger:${100_000 + Math.floor(client / membersPerChannel)}`

/** Subscribes every client, lets it go, and publishes what it then misses; every publish is acked on disk. */
export async function miss({ port, clients, missed }: MissAsk): Promise<Missed> {
  const tally = new Tally()
  const positions: Missed['positions'][number][] = []
  const writers = await openCrowd({ wire: 'parley', port, size: 1, channelsOf: () => [] }, tally)
  const asking = new Connection({ port, tally, ...parleyWire })
  await parleyWire.greet(asking, signToken('asking'))
  for (let client = 0; client < clients; client++) {
    if (client % membersPerChannel > 0) {
      positions.push(positions[client - 1] as Missed['positions'][number])
      continue
    }
    asking.send(`{"op":"subscribe","id":${client + 1},"channel":"${channelOf(client)}"}`)
    const { ok } = await reply(asking)
    positions.push(ok?.position as Missed['positions'][number])
  }
  asking.destroy()
  const wanted = (clients / membersPerChannel) * missed
  let published = 0
  const publish = (): void => {
    const channel = channelOf((published % (clients / membersPerChannel)) * membersPerChannel)
    const number = Math.floor(published / (clients / membersPerChannel)) + 1
    published += 1
    writers[0]?.send(parleyWire.publish(channel, `{"n":${number}}`, { id: published, isWanted: true }))
  }
  tally.acked = () => {
    if (published < wanted) publish()
  }
  while (published < 256) publish()
  if (!(await settle(() => tally.acks >= wanted, 30_000)))
    throw new Error(`${tally.acks} of ${wanted} acked.`)
  requireClean(tally)
  closeCrowd(writers)
  return { positions }
}

/** Every client comes back with the position it had and gets what it missed: each event once, in order. */
export async function comeBack(ask: ReturnAsk): Promise<{ readonly millis: number }> {
  const tally = new Tally()
  const began = performance.now()
  let next = 0
  let complete = 0
  const crowd: Connection[] = []
  const worker = async (): Promise<void> => {
    for (let client = next++; client < ask.clients; client = next++) {
      const connection = new Connection({ port: ask.port, tally, ...parleyWire })
      crowd.push(connection)
      await parleyWire.greet(connection, signToken(`user-${client}`))
      const from = ask.positions[client]
      connection.inspect = checker(from?.offset ?? 0, ask.missed, tally, () => {
        complete += 1
      })
      connection.send(JSON.stringify({ op: 'subscribe', id: 2, channel: channelOf(client), from }))
      const { ok } = await reply(connection)
      if ((ok as { recovered?: boolean } | undefined)?.recovered !== true)
        throw new Error(`Client ${client} was not recovered: ${JSON.stringify(ok)}`)
      connection.startCounting()
    }
  }
  await Promise.all(Array.from({ length: 64 }, worker))
  const isWhole = await settle(() => complete === ask.clients, 30_000)
  const millis = performance.now() - began
  requireClean(tally)
  if (!isWhole) throw new Error(`${complete} of ${ask.clients} clients got everything.`)
  closeCrowd(crowd)
  return { millis }
}

interface Batch {
  readonly op: string
  readonly prev: number
  readonly position: number
  readonly events: readonly { readonly data: { readonly n: number } }[]
}

/** Reads batches and tells when the last event missed has come. */
function checker(from: number, missed: number, tally: Tally, done: () => void): (bytes: Buffer) => void {
  let offset = from
  let seen = 0
  return (bytes) => {
    const batch = JSON.parse(bytes.toString()) as Batch
    if (batch.op !== 'events') return
    if (batch.prev !== offset || batch.position - batch.prev !== batch.events.length) tally.gaps += 1
    offset = batch.position
    for (const { data } of batch.events) {
      seen += 1
      if (data.n !== seen) tally.gaps += 1
    }
    if (seen === missed) done()
  }
}
