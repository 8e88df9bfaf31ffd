import type { ChatHandlers } from '../parts.ts'
import { draftTexts } from './draft-handlers.ts'
import { type DueListener, scheduledHandlers } from './scheduled-handlers.ts'

/** The handlers of drafts and scheduled messages. */
export function draftHandlers(
  scheduler: DueListener,
): ChatHandlers<'saveDraft' | 'drafts' | 'schedule' | 'scheduled' | 'reschedule' | 'cancelScheduled'> {
  return { ...draftTexts, ...scheduledHandlers(scheduler) }
}
