import { setTimeout as pause } from 'node:timers/promises'
import { closeCrowd, openCrowd, sampleCrowd } from './crowd-of.ts'
import { noteTexts, stampedText } from './payload.ts'
import { Tally } from './tally.ts'
import { requireWhole, type Stretch, settle, watch } from './window.ts'

const atOnce = 256

export interface TalkAsk {
  readonly port: number
  readonly pid: number
  readonly users: number
  readonly conversations: number
  readonly perSecond: number
  readonly warmMillis: number
  readonly millis: number
}

/** The two users of a conversation. */
export function pairOf(conversation: number, users: number): readonly [number, number] {
  const one = conversation % users
  return [one, (one + 1 + Math.floor(conversation / users)) % users]
}

/** Many conversations of two at a steady rate: how long a message takes from one client to the other. */
export async function talk(ask: TalkAsk): Promise<Stretch> {
  const { users, conversations, perSecond } = ask
  const tally = new Tally()
  tally.note = noteTexts
  const channels = Array.from({ length: users }, (): string[] => [])
  for (let one = 0; one < conversations; one++)
    for (const user of pairOf(one, users)) channels[user]?.push(`conversation:talk-${one}`)
  const channelsOf = (user: number): readonly string[] => channels[user] ?? []
  const crowd = await openCrowd({ ...ask, wire: 'parley', size: users, channelsOf }, tally)
  // Channels of a connection are told apart by the length of their names, which is the same here.
  for (const connection of crowd) connection.standings.length = 0
  sampleCrowd(crowd, Math.min(users, 200))
  let sent = 0
  const send = (): void => {
    // First every user in each of their conversations, as people who have been there for a while.
    const turn = sent % (2 * conversations)
    const conversation = ((turn >> 1) * 7_919) % conversations
    const [one, other] = pairOf(conversation, users)
    sent += 1
    const input = `{"channel":"conversation:talk-${conversation}","id":"m${sent}","text":"${stampedText()}"}`
    const from = turn % 2 === 0 ? one : other
    crowd[from]?.send(`{"op":"call","id":${sent},"command":"chat.send","input":${input}}`)
  }
  await sendAll(tally, send, 2 * conversations)
  const [before, began] = [sent, performance.now()]
  const timer = setInterval(() => {
    const due = before + Math.floor(((performance.now() - began) * perSecond) / 1_000)
    while (sent < due) send()
  }, 1)
  await pause(ask.warmMillis)
  const stretch = await watch(tally, ask.pid, ask.millis)
  clearInterval(timer)
  await requireWhole(tally, { deliveries: sent * 2, acks: sent })
  closeCrowd(crowd)
  return stretch
}

/** Sends so many messages, some at a time. */
async function sendAll(tally: Tally, send: () => void, count: number): Promise<void> {
  let started = 0
  tally.acked = () => {
    if (started >= count) return
    started += 1
    send()
  }
  while (started < Math.min(count, atOnce)) {
    started += 1
    send()
  }
  await settle(() => tally.acks >= count || tally.problem !== undefined, 120_000)
  tally.acked = undefined
}
