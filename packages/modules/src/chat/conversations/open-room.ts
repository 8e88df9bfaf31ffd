import type { Context, ModuleServices, SessionFacts } from '@parley/kernel'
import { conversationChannel } from '../channel-names.ts'
import { found } from './founding.ts'
import { addToConversation } from './membership.ts'
import { roleOnJoining } from './rules.ts'
import { findInfo, findMembers } from './store.ts'

/** A public room that is there from the start, and that everybody joins who connects for the first time. */
export interface OpenRoom {
  readonly id: string
  readonly title: string
  readonly topic?: string
}

/** Records of the users who were taken into the room once: who leaves it has left. */
const welcomedTable = 'chat_welcomed'

/** Sees to it that the room is there, in every app. */
export async function openRoom(services: ModuleServices, { id, title, topic = '' }: OpenRoom): Promise<void> {
  const channel = conversationChannel(id)
  const begin = async (ctx: Context): Promise<void> => {
    if ((await findInfo(ctx, ctx.app, channel, undefined)) !== undefined) return
    found(ctx, {
      ...{ channel, title, topic, type: 'room', visibility: 'public' },
      ...{ locked: false, receipts: true, slowSeconds: 0, members: [] },
    })
  }
  for (const app of services.apps) await services.run(app, begin)
}

/** Takes a user into the room who is seen for the first time. What goes wrong is logged: they can join by themselves. */
export async function welcome(
  services: ModuleServices,
  { id }: OpenRoom,
  { app, user }: Pick<SessionFacts, 'app' | 'user'>,
): Promise<void> {
  if (user === undefined) return
  const channel = conversationChannel(id)
  try {
    await services.run(
      app,
      async (ctx) => {
        if ((await ctx.record(welcomedTable, user)) !== undefined) return
        ctx.assert({ table: welcomedTable, key: user, version: 0 })
        ctx.write({ table: welcomedTable, key: user, value: 'true' })
        const room = await findInfo(ctx, app, channel, user)
        if (room === undefined || (await findMembers(ctx, room.conv, [user])).size > 0) return
        const { conv, info } = room
        addToConversation(ctx, { conv, channel, app, type: info.type }, [user], {
          role: roleOnJoining(info.members),
        })
      },
      { order: channel },
    )
  } catch (error) {
    services.log.warn('A visitor could not be taken into the open room.', { app, error: String(error) })
  }
}
