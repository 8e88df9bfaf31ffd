import { defineContract } from '@parley/protocol'
import { conversationCommands, conversationEvents } from './conversations/contract.ts'
import { draftCommands, draftEvents } from './drafts/contract.ts'
import { messageCommands, messageEvents } from './messages/contract.ts'
import { readingCommands, readingEvents, readingStates } from './reading/contract.ts'
import { searchCommands } from './search/contract.ts'

/** Commands and events of module `chat`. */
export const chat = defineContract({
  name: 'chat',
  summary: 'Conversations with ordered history: direct, groups and rooms.',
  commands: {
    ...conversationCommands,
    ...messageCommands,
    ...readingCommands,
    ...draftCommands,
    ...searchCommands,
  },
  events: { ...conversationEvents, ...messageEvents, ...readingEvents, ...draftEvents },
  states: readingStates,
})
