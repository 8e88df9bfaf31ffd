import { setTimeout as pause } from 'node:timers/promises'
import { closeCrowd, openCrowd } from './crowd-of.ts'
import { Tally } from './tally.ts'
import { requireWhole, type Stretch, watch } from './window.ts'

export interface ChatSendAsk {
  readonly port: number
  readonly pid: number
  /** One room each: `send-0`, of which `user-0` is a member. */
  readonly connections: number
  readonly inFlight: number
  readonly warmMillis: number
  readonly millis: number
}

const text =
  'As long as a line in a conversation is on most days, which is about a hundred and twenty characters, so some.'

/** Messages sent by some users, each into a room of their own, so many in flight together. */
export async function chatSend(ask: ChatSendAsk): Promise<Stretch> {
  const tally = new Tally()
  const crowd = await openCrowd(
    { ...ask, wire: 'parley', size: ask.connections, channelsOf: () => [] },
    tally,
  )
  let sent = 0
  const send = (member: number): void => {
    sent += 1
    const id = sent * ask.connections + member
    const input = `{"channel":"conversation:send-${member}","id":"m${id}","text":"${text}"}`
    crowd[member]?.send(`{"op":"call","id":${id},"command":"chat.send","input":${input}}`)
  }
  tally.acked = (id) => send(id % ask.connections)
  for (let started = 0; started < ask.inFlight; started++) send(started % ask.connections)
  await pause(ask.warmMillis)
  const stretch = await watch(tally, ask.pid, ask.millis)
  tally.acked = undefined
  await requireWhole(tally, { deliveries: 0, acks: sent })
  closeCrowd(crowd)
  return stretch
}
