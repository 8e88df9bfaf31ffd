import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { against, load } from './against.ts'
import type { Sample } from './lines.ts'
import type { ArchiveResult } from './loader/archive.ts'
import type { HallResult } from './loader/hall.ts'
import type { StateResult } from './loader/state-latency.ts'
import { pairOf } from './loader/talk.ts'
import type { Stretch } from './loader/window.ts'
import type { Scale } from './scale.ts'
import { prefixed } from './scenarios.ts'
import { wordOf } from './servers/vocabulary.ts'
import { parleyChat, parleyChatFree, type Server } from './targets.ts'

const inFlight = 256

/** Messages sent, acked on disk. */
export async function send(scale: Scale): Promise<Sample> {
  const connections = 16
  const rooms = Array.from({ length: connections }, (_, index) => ({
    id: `send-${index}`,
    members: [`user-${index}`],
  }))
  return against(parleyChat, async (server) => {
    await server.link?.ask('rooms', { rooms })
    const { result } = await load<Stretch>(server, 'chatSend', { connections, inFlight, ...scale })
    return { ...result }
  })
}

/** Conversations of two at the register's rate, from client to client. */
export async function talk(scale: Scale): Promise<Sample> {
  const [users, conversations] = scale.isQuick ? [100, 1_000] : [1_000, 10_000]
  const rooms = Array.from({ length: conversations }, (_, index) => ({
    id: `talk-${index}`,
    members: pairOf(index, users).map((user) => `user-${user}`),
  }))
  return against(parleyChatFree, async (server) => {
    await server.link?.ask('rooms', { rooms })
    const perSecond = scale.isQuick ? 500 : 5_000
    const { result } = await load<Stretch>(server, 'talk', { users, conversations, perSecond, ...scale })
    return { ...result, held: result.acked / perSecond }
  })
}

/** Ten thousand online in one conversation. */
export async function hall(scale: Scale): Promise<Sample> {
  const members = scale.isQuick ? 1_000 : 10_000
  const users = Array.from({ length: members }, (_, index) => `user-${index}`)
  return against(parleyChatFree, async (server) => {
    await server.link?.ask('rooms', { rooms: [{ id: 'hall', members: users }] })
    const ask = { channel: 'conversation:hall', members, watchers: 100, storm: members / 2 }
    const { result, delay } = await load<HallResult>(server, 'hall', ask)
    return { ...result, ...prefixed('delay', { ...delay }) }
  })
}

/** Many typing in rooms of five, at the register's rate. */
export async function typing(scale: Scale): Promise<Sample> {
  const [rooms, members] = scale.isQuick ? [100, 5] : [1_000, 5]
  const seeds = Array.from({ length: rooms }, (_, room) => ({
    id: `type-${room}`,
    members: Array.from({ length: members }, (_, member) => `user-${room * members + member}`),
  }))
  return against(parleyChatFree, async (server) => {
    await server.link?.ask('rooms', { rooms: seeds })
    const ask = { rooms, members, perSecond: scale.isQuick ? 200 : 1_000, ...scale }
    const { result } = await load<StateResult>(server, 'typing', ask)
    return { ...result }
  })
}

/** Users with contacts, some of them connected, who change what they do. */
export async function presence(scale: Scale): Promise<Sample> {
  const users = scale.isQuick ? 1_000 : 20_000
  return against(parleyChatFree, async (server) => {
    await server.link?.ask('contacts', { users, each: 20 })
    const ask = { users: scale.isQuick ? 200 : 1_000, perSecond: 200, ...scale }
    const { result } = await load<StateResult>(server, 'presence', ask)
    return { ...result }
  })
}

const rooms = 500
const reader = 'user-0'
const bigRoom = 'archive-0'

/** A folder with a million messages: made once, read in every round. */
export class ArchiveFolder {
  readonly #kept: string | undefined
  #made: Promise<string> | undefined

  /** @param kept folder in which archives stay, for the next runs; default: none stays */
  constructor(kept: string | undefined) {
    this.#kept = kept
  }

  async read(scale: Scale): Promise<Sample> {
    this.#made ??= this.#make(scale)
    const folder = await this.#made
    return against(
      parleyChatFree,
      async (server) => {
        const ask = {
          reader,
          head: totalOf(scale) / 2,
          channel: `conversation:${bigRoom}`,
          searches,
          turns: scale.isQuick ? 200 : 1_000,
        }
        const { result, delay } = await load<ArchiveResult>(server, 'archive', ask)
        return { ...result, ...prefixed('delay', { ...delay }) }
      },
      { data: folder },
    )
  }

  async #make(scale: Scale): Promise<string> {
    if (this.#kept === undefined) return fill(scale, await mkdtemp(join(tmpdir(), 'parley-bench-')))
    const whole = join(this.#kept, `messages-${totalOf(scale)}`)
    if (existsSync(whole)) return whole
    // It takes its name when it is whole: a run that ends before leaves nothing that the next one would read.
    const part = `${whole}.part`
    await rm(part, { recursive: true, force: true })
    await mkdir(part, { recursive: true })
    await rename(await fill(scale, part), whole)
    return whole
  }

  async remove(): Promise<void> {
    const made = await this.#made?.catch(() => undefined)
    if (made !== undefined && this.#kept === undefined) await rm(made, { recursive: true, force: true })
  }
}

// The commonest word everywhere and in the big room, two common ones, common beside rare, rare, none.
const searches = [
  { text: wordOf(0) },
  { text: `${wordOf(0)} ${wordOf(1)}` },
  { text: `${wordOf(0)} ${wordOf(9_000)}` },
  { text: wordOf(15_000) },
  { text: wordOf(0), channel: `conversation:${bigRoom}` },
  { text: wordOf(2), author: 'user-3' },
  { text: 'nowhere' },
]

function totalOf({ isQuick }: Scale): number {
  return isQuick ? 10_000 : 1_000_000
}

async function fill(scale: Scale, folder: string): Promise<string> {
  const writers = Array.from({ length: 10 }, (_, index) => `user-${index}`)
  const ids = Array.from({ length: rooms }, (_, index) => `archive-${index}`)
  const total = totalOf(scale)
  const messages = (id: string): number => (id === bigRoom ? total / 2 : Math.ceil(total / 2 / (rooms - 1)))
  await against(
    parleyChatFree,
    async (server: Server) => {
      await server.link?.ask('rooms', { rooms: ids.map((id) => ({ id, members: writers })) })
      await server.link?.ask('messages', {
        rooms: ids.map((id) => ({ id, messages: messages(id), writers })),
      })
    },
    { data: folder },
  )
  return folder
}
