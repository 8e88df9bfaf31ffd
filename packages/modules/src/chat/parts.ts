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
  /** Told of every message that a user sends, as it is sent. */
  readonly onSend: (sender: Sender) => void
}

/** Who sends a message, and where. */
export interface Sender {
  readonly app: string
  readonly channel: string
  readonly user: string
}

/** Handlers of some commands of chat. */
export type ChatHandlers<Name extends keyof typeof chat.commands> = Pick<Handlers<typeof chat>, Name>
