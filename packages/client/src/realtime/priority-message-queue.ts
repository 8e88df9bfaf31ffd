// An entry of its own: who sends no messages by priority does not load it.
export { PriorityMessageQueue, type PriorityMessageQueueOptions } from '@parley/protocol'
