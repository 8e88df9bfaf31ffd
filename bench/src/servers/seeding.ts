import type { Identity, Node } from '@parley/kernel'
import type { Answers } from '../link.ts'
import { sentenceMaker } from './vocabulary.ts'

/** Conversations to be there, and who is in them. */
export interface RoomsSeed {
  readonly rooms: readonly { readonly id: string; readonly members: readonly string[] }[]
}

/** Messages to be there, sent by `writers` users in turn. */
export interface MessagesSeed {
  readonly rooms: readonly {
    readonly id: string
    readonly messages: number
    readonly writers: readonly string[]
  }[]
}

const atOnce = 1_024
const addedAtOnce = 100

/** Fills a server by the commands that everybody uses, without the network between. */
export function seeding(node: Node): Answers {
  const as = (user: string): Identity => ({ app: 'default', role: 'user', user, grants: [] })

  async function room({ id, members }: RoomsSeed['rooms'][number]): Promise<void> {
    const [owner = 'owner', ...others] = members
    await node.call(as(owner), 'chat.create', { id, title: id, visibility: 'public' })
    const channel = `conversation:${id}`
    for (let from = 0; from < others.length; from += addedAtOnce)
      await node.call(as(owner), 'chat.addMembers', {
        channel,
        users: others.slice(from, from + addedAtOnce),
      })
  }

  return {
    async rooms({ rooms }: RoomsSeed) {
      await workers(rooms.length, (index) => room(rooms[index] as RoomsSeed['rooms'][number]))
    },
    async messages({ rooms }: MessagesSeed) {
      const sentence = sentenceMaker(1)
      for (const { id, messages, writers } of rooms) {
        const channel = `conversation:${id}`
        await workers(messages, (index) =>
          node.call(as(writers[index % writers.length] as string), 'chat.send', {
            channel,
            text: sentence(),
          }),
        )
      }
    },
    async contacts({ users, each }: { readonly users: number; readonly each: number }) {
      await workers(users, (index) => {
        const contacts = Array.from({ length: each }, (_, step) => `user-${(index + step + 1) % users}`)
        return node.call(as(`user-${index}`), 'presence.addContacts', { contacts })
      })
    },
  }
}

async function workers(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index)
  }
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, worker))
}
