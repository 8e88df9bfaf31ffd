import { setTimeout as pause } from 'node:timers/promises'
import { closeCrowd, openCrowd, sampleCrowd } from './crowd-of.ts'
import { noteTexts, stampedText } from './payload.ts'
import { Tally } from './tally.ts'
import { requireWhole, type Stretch, watch } from './window.ts'

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
    const conversation = (sent * 7_919) % conversations
    const [one, other] = pairOf(conversation, users)
    sent += 1
    const input = `{"channel":"conversation:talk-${conversation}","id":"m${sent}","text":"${stampedText()}"}`
    const from = sent % 2 === 0 ? one : other
    crowd[from]?.send(`{"op":"call","id":${sent},"command":"chat.send","input":${input}}`)
  }
  const began = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1_000)
    while (sent < due) send()
  }, 1)
  await pause(ask.warmMillis)
  const stretch = await watch(tally, ask.pid, ask.millis)
  clearInterval(timer)
  await requireWhole(tally, { deliveries: sent * 2, acks: sent })
  closeCrowd(crowd)
  return stretch
}
