import { implement, type KindOptions, type Module, type ModuleServices } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { chatKinds } from './access.ts'
import { chat } from './contract.ts'
import { Directory } from './conversations/directory.ts'
import { conversationHandlers } from './conversations/handlers.ts'
import { type OpenRoom, openRoom, welcome } from './conversations/open-room.ts'
import { draftsRetention } from './drafts/drafts-channel.ts'
import { draftHandlers } from './drafts/handlers.ts'
import { Scheduler } from './drafts/scheduler.ts'
import { sendScheduled } from './drafts/send-scheduled.ts'
import { builtInCommands } from './messages/slash/built-in-commands.ts'
import { messageHandlers } from './messages/handlers.ts'
import { type SlashCommand, slashCommands } from './messages/slash/slash-commands.ts'
import type { ChatParts, Sender } from './parts.ts'
import { readingHandlers } from './reading/handlers.ts'
import { chatMigrations } from './schema.ts'
import { searchHandlers } from './search/handlers.ts'
import { loadWordSecret, type WordSecret } from './search/word-secret.ts'

export type { OpenRoom } from './conversations/open-room.ts'
export {
  badArguments,
  type SlashAnswer,
  type SlashCall,
  type SlashCommand,
} from './messages/slash/slash-commands.ts'

export interface ChatOptions {
  /** Slash commands beside the built-in ones; one of the same name takes the place of a built-in one. */
  readonly commands?: readonly SlashCommand[] | undefined
  /** How long messages are kept. Default: until they are deleted. */
  readonly retention?: KindOptions['retention']
  /** A public room that is there from the start and that every newcomer joins. Default: none. */
  readonly openRoom?: OpenRoom | undefined
  /** Told of every message that a user sends, as it is sent: they have done typing. Must not throw. */
  readonly onSend?: ((sender: Sender) => void) | undefined
}

/**
 * Module `chat`. Needs a store with SQL; attachments need module `files`.
 *
 * @throws RangeError for a slash command whose name nobody could type
 */
export function chatModule(options: ChatOptions = {}): Module {
  let running: { readonly services: ModuleServices; readonly secret: WordSecret } | undefined
  const services = (): ModuleServices => {
    if (running === undefined) throw new ParleyError('unavailable', 'Chat is not ready. Try again.')
    return running.services
  }
  const directory = new Directory(
    { query: (statement) => services().query(statement) },
    () => services().clock,
  )
  const scheduler = new Scheduler()
  const parts: ChatParts = {
    directory,
    slashCommands: slashCommands([...builtInCommands, ...(options.commands ?? [])]),
    secret: () => {
      if (running === undefined) throw new ParleyError('unavailable', 'Chat is not ready. Try again.')
      return running.secret
    },
    onSend: options.onSend ?? (() => undefined),
  }
  const room = options.openRoom
  return implement(chat, {
    kinds: chatKinds(directory, { conversation: options.retention, drafts: draftsRetention }),
    migrations: chatMigrations,
    jobs: { sendScheduled: sendScheduled(scheduler) },
    handlers: {
      ...conversationHandlers(parts),
      ...messageHandlers(parts),
      ...readingHandlers(),
      ...draftHandlers(scheduler),
      ...searchHandlers(parts.secret),
    },
    ...(room === undefined
      ? {}
      : { sessions: { connected: (session) => void welcome(services(), room, session) } }),
    start: async (given) => {
      running = { services: given, secret: await loadWordSecret(given) }
      if (room !== undefined) await openRoom(given, room)
      scheduler.start(given)
    },
    stop: () => scheduler.stop(),
  })
}
