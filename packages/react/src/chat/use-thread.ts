'use client'

import { useMemo } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice, withActions } from '../views/use-slice.ts'
import {
  conversationView,
  emptyMessages,
  idleActions,
  noSuchPlace,
} from './conversation/conversation-view.ts'
import type { ThreadSnapshot } from './messages.ts'
import type { Messages } from './use-messages.ts'

export interface ThreadMessages extends Messages, ThreadSnapshot {
  /** Seq of the root. */
  readonly thread: number | undefined
  /** Follows the thread, or stops. */
  readonly follow: (on?: boolean) => Promise<void>
}

/** The replies to a message. `send` writes into the thread. Undefined: nothing is loaded. */
export function useThread(channel: string | undefined, seq: number | undefined): ThreadMessages {
  const views = useViews()
  const view = useMemo(
    () => (channel === undefined || seq === undefined ? undefined : conversationView(views, channel, seq)),
    [views, channel, seq],
  )
  const snapshot = useSlice(view, emptyMessages)
  return useMemo(() => {
    const follow = async (on = true): Promise<void> => {
      if (channel === undefined || seq === undefined) throw noSuchPlace()
      await views.client.chat.follow({ channel, thread: seq, on })
    }
    return withActions(snapshot, { ...(view?.actions ?? idleActions), channel, thread: seq, follow })
  }, [snapshot, views, view, channel, seq])
}
