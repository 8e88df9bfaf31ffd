'use client'

import { useMemo } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice, withActions } from '../views/use-slice.ts'
import {
  type ConversationState,
  conversationInfoView,
  noConversation,
} from './lists/conversation-info-view.ts'
import { type ConversationsSnapshot, conversationsView, noConversations } from './lists/conversations-view.ts'

export interface Conversations extends ConversationsSnapshot {
  loadMore(): Promise<void>
  /** Reads everything again, after an error. */
  reload(): void
}

/** The conversations of the user, kept up to date on every device. */
export function useConversations(): Conversations {
  const view = conversationsView(useViews())
  const snapshot = useSlice(view, noConversations)
  return useMemo(
    () => withActions(snapshot, { loadMore: view.loadMore, reload: view.reload }),
    [snapshot, view],
  )
}

/** One conversation: its settings, and what the user is in it. */
export function useConversation(channel: string | undefined): ConversationState {
  const views = useViews()
  const view = useMemo(
    () => (channel === undefined ? undefined : conversationInfoView(views, channel)),
    [views, channel],
  )
  return useSlice(view, noConversation)
}
