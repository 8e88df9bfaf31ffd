import type { Handlers } from '@parley/kernel'
import type { chat } from './contract.ts'
import type { Directory } from './conversations/directory.ts'
import type { SlashCommands } from './messages/slash/slash-commands.ts'
import type { WordSecret } from './search/word-secret.ts'

/** What the handlers of chat share. */
export interface ChatParts {
  readonly directory: Directory
  readonly slashCommands: SlashCommands
  /** Known once the module has started. */
  readonly secret: () => WordSecret
}

/** Handlers of some commands of chat. */
export type ChatHandlers<Name extends keyof typeof chat.commands> = Pick<Handlers<typeof chat>, Name>
