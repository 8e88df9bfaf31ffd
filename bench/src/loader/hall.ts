import { setTimeout as pause } from 'node:timers/promises'
import { Asker } from './asker.ts'
import type { Connection } from './connection.ts'
import { closeCrowd, openCrowd } from './crowd-of.ts'
import { Tally } from './tally.ts'
import { settle } from './window.ts'

/** Members who leave and come back at a time before anything is measured, and how often. */
const atOnce = 20
const warmTurns = 50

export interface HallAsk {
  readonly port: number
  readonly channel: string
  readonly members: number
  /** Members who look at the list of those present. */
  readonly watchers: number
  /** Members who leave and come back together. */
  readonly storm: number
}

export interface HallResult {
  /** Share of members whom the message reached. */
  readonly reached: number
  /** ms from sending until the last had it. */
  readonly millis: number
}

/** One conversation with very many online: a message to all, then many leave and come back at once. */
export async function hall(ask: HallAsk, onStretch: (isOn: boolean) => Promise<void>): Promise<HallResult> {
  const { port, channel, members } = ask
  const tally = new Tally()
  const crowd = await openCrowd({ ...ask, wire: 'parley', size: members, channelsOf: () => [channel] }, tally)
  const watchers = await Promise.all(
    Array.from({ length: ask.watchers }, (_, index) => Asker.open(port, `user-${index}`)),
  )
  for (const watcher of watchers) await watcher.subscribe(channel, { state: true })
  const speaker = watchers[0] as Asker
  await warmUp(tally, crowd, channel)
  await pause(1_000)
  await onStretch(true)
  const began = performance.now()
  await speaker.call('chat.send', { channel, text: 'To everybody' })
  await settle(() => tally.deliveries >= members, 10_000)
  const [reached, millis] = [tally.deliveries / members, performance.now() - began]
  const stormy = crowd.slice(0, ask.storm)
  const answered = tally.acks + 2 * ask.storm
  leave(stormy, channel)
  await pause(500)
  comeBack(stormy, channel)
  await settle(() => tally.acks >= answered, 10_000)
  await pause(500)
  await onStretch(false)
  closeCrowd(crowd)
  for (const watcher of watchers) watcher.close()
  if (tally.acks < answered)
    throw new Error(
      `${answered - tally.acks} of ${2 * ask.storm} answers in the storm are missing: ${tally.problem ?? 'no problem told'}`,
    )
  return { reached, millis }
}

/** Some leave and come back, a few at a time: what follows is to be about a storm, and not about a server's first minute. */
async function warmUp(tally: Tally, crowd: readonly Connection[], channel: string): Promise<void> {
  for (let turn = 0; turn < warmTurns; turn++) {
    const some = crowd.slice(turn * atOnce, (turn + 1) * atOnce)
    const answered = tally.acks + 2 * some.length
    leave(some, channel)
    comeBack(some, channel)
    await settle(() => tally.acks >= answered, 10_000)
  }
}

function leave(members: readonly Connection[], channel: string): void {
  for (const member of members) member.send(`{"op":"unsubscribe","id":3,"channel":"${channel}"}`)
}

function comeBack(members: readonly Connection[], channel: string): void {
  for (const member of members) member.send(`{"op":"subscribe","id":4,"channel":"${channel}"}`)
}
