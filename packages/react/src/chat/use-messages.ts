'use client'

import { useEffect, useMemo } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice, withActions } from '../views/use-slice.ts'
import { conversationView, emptyMessages, idleActions } from './conversation/conversation-view.ts'
import type { MessagesActions, MessagesSnapshot, Place } from './messages.ts'

export interface UseMessagesOptions {
  /** Where to begin; default: at the newest message. A later change is a jump. */
  readonly begin?: Place | undefined
}

export interface Messages extends MessagesSnapshot, MessagesActions {
  readonly channel: string | undefined
}

/**
 * The messages of a conversation: history, then live. Components that show the same conversation share one window onto
 * it. A component renders again only when a field changes that it has read.
 *
 * @param channel `conversation:<id>`; undefined: nothing is loaded
 */
export function useMessages(channel: string | undefined, options: UseMessagesOptions = {}): Messages {
  const views = useViews()
  const view = useMemo(
    () => (channel === undefined ? undefined : conversationView(views, channel)),
    [views, channel],
  )
  const { begin } = options
  const [seq, at] = [
    begin !== undefined && 'seq' in begin ? begin.seq : undefined,
    begin !== undefined && 'at' in begin ? begin.at : undefined,
  ]
  // Before the subscription below, which loads the first page.
  useEffect(() => {
    if (seq !== undefined) view?.beginAt({ seq })
    else if (at !== undefined) view?.beginAt({ at })
  }, [view, seq, at])
  const snapshot = useSlice<MessagesSnapshot>(view, emptyMessages)
  return useMemo(
    () => withActions(snapshot, { ...(view?.actions ?? idleActions), channel }),
    [snapshot, view, channel],
  )
}
