import type { ChatHandlers, ChatParts } from '../parts.ts'
import type { conversationCommands } from './contract.ts'
import { founding } from './founding.ts'
import { invitations } from './invitations.ts'
import { links } from './links/links.ts'
import { lists } from './lists.ts'
import { members } from './members.ts'
import { settings } from './settings.ts'

/** The handlers of conversations and who is in them. */
export function conversationHandlers(parts: ChatParts): ChatHandlers<keyof typeof conversationCommands> {
  return {
    ...founding,
    ...lists,
    ...settings(parts),
    ...members(parts),
    ...invitations(parts),
    ...links(parts),
  }
}
