import type { ChatHandlers, ChatParts } from '../parts.ts'
import type { messageCommands } from './contract.ts'
import { editing } from './edit.ts'
import { deleting } from './erase.ts'
import { exporting } from './export.ts'
import { following } from './following.ts'
import { histories } from './history.ts'
import { reactions } from './reactions.ts'
import { sendHandler } from './sending/send.ts'
import { requireCommand } from './slash/slash-commands.ts'

/** The handlers of messages and what hangs on them. */
export function messageHandlers(parts: ChatParts): ChatHandlers<keyof typeof messageCommands> {
  return {
    send: sendHandler(parts),
    ...editing(parts),
    ...deleting(parts),
    ...histories,
    ...reactions(parts),
    ...following,
    ...exporting,

    commands: () => ({
      commands: [...parts.slashCommands.values()].map(({ name, summary, usage }) => ({
        name,
        summary,
        usage,
      })),
    }),

    runCommand: async (ctx, { channel, thread, name, args }) => ({
      ...(await requireCommand(parts.slashCommands, name).run(ctx, { channel, thread, args: args.trim() })),
    }),
  }
}
