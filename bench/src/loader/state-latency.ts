import { setTimeout as pause } from 'node:timers/promises'
import { type Asker, openAskers } from './asker.ts'
import { Latencies } from './latency.ts'

/** Changes of keyed state, from the client that causes one to a client that sees it. */
export interface StateAsk {
  readonly port: number
  readonly perSecond: number
  readonly warmMillis: number
  readonly millis: number
}

export interface TypingAsk extends StateAsk {
  readonly rooms: number
  readonly members: number
}

export interface PresenceAsk extends StateAsk {
  /** Users `user-0` … who are connected; each follows those next to it. */
  readonly users: number
}

export interface StateResult {
  readonly p99: number
  /** Share of the changes that were seen. */
  readonly seen: number
}

interface Change {
  /** Who causes it, and who must see it. */
  readonly actor: Asker
  readonly watcher: Asker
  readonly command: string
  readonly input: object
}

/** Members of rooms start and stop typing; the next member watches. */
export async function typing(ask: TypingAsk): Promise<StateResult> {
  const size = ask.rooms * ask.members
  const askers = await openAskers(
    ask.port,
    Array.from({ length: size }, (_, index) => `user-${index}`),
  )
  const channelOf = (index: number): string => `conversation:type-${Math.floor(index / ask.members)}`
  await inTurns(size, (index) => askers[index]?.subscribe(channelOf(index), { state: true }))
  return measure(ask, askers, (count) => {
    const index = (count * 7_919) % size
    const isStart = Math.floor(count / size) % 2 === 0
    const first = index - (index % ask.members)
    const actor = askers[index] as Asker
    const watcher = askers[first + ((index + 1) % ask.members)] as Asker
    return {
      actor,
      watcher,
      command: `typing.${isStart ? 'start' : 'stop'}`,
      input: { channel: channelOf(index) },
    }
  })
}

/** Users change what they do; a user who has them among their contacts watches. */
export async function presence(ask: PresenceAsk): Promise<StateResult> {
  const askers = await openAskers(
    ask.port,
    Array.from({ length: ask.users }, (_, index) => `user-${index}`),
  )
  await inTurns(ask.users, (index) => askers[index]?.subscribe(`contacts:user-${index}`, { state: true }))
  await pause(2_000)
  return measure(ask, askers, (count) => {
    const index = 1 + ((count * 7_919) % (ask.users - 1))
    const activity = Math.floor(count / (ask.users - 1)) % 2 === 0 ? 'viewing' : 'editing'
    const [actor, watcher] = [askers[index] as Asker, askers[index - 1] as Asker]
    return { actor, watcher, command: 'presence.set', input: { activity } }
  })
}

async function measure(
  { perSecond, warmMillis, millis }: StateAsk,
  askers: readonly Asker[],
  changeOf: (count: number) => Change,
): Promise<StateResult> {
  const latencies = new Latencies()
  /** By watcher and actor: when the change was sent that the watcher has not seen. */
  const sentAt = new Map<string, number>()
  let problem: Error | undefined
  for (const watcher of askers) {
    watcher.heard = (frame) => {
      if (frame.op !== 'state') return
      const now = performance.now()
      for (const user of usersOf(frame)) {
        const key = `${watcher.user} ${user}`
        const sent = sentAt.get(key)
        if (sent === undefined) continue
        sentAt.delete(key)
        latencies.add(now - sent)
      }
    }
  }
  let count = 0
  let counted = 0
  const began = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1_000)
    for (; count < due; count++) {
      const { actor, watcher, command, input } = changeOf(count)
      sentAt.set(`${watcher.user} ${actor.user}`, performance.now())
      actor.call(command, input).catch((error: Error) => {
        problem ??= error
      })
    }
  }, 1)
  await pause(warmMillis)
  latencies.clear()
  counted = count
  await pause(millis)
  clearInterval(timer)
  await pause(1_000)
  for (const asker of askers) asker.close()
  if (problem !== undefined) throw problem
  return { p99: latencies.percentile(0.99), seen: latencies.count / Math.max(1, count - counted) }
}

/** The users whose entries a frame sets or takes away: keys are `session|name`, those of modules `~owner|name`. */
function usersOf(frame: Readonly<Record<string, unknown>>): readonly string[] {
  const set = (frame.set ?? []) as readonly { readonly key: string }[]
  const removed = (frame.removed ?? []) as readonly string[]
  return [...set.map(({ key }) => key), ...removed].map((key) => key.replace(/^~/, '').replace(/[|].*$/, ''))
}

async function inTurns(count: number, work: (index: number) => Promise<unknown> | undefined): Promise<void> {
  const step = 64
  for (let from = 0; from < count; from += step)
    await Promise.all(Array.from({ length: Math.min(step, count - from) }, (_, index) => work(from + index)))
}
