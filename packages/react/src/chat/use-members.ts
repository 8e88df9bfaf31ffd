'use client'

import { useMemo } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice, withActions } from '../views/use-slice.ts'
import { type MembersSnapshot, membersView, noMembers } from './lists/members-view.ts'

export interface Members extends MembersSnapshot {
  loadMore(): Promise<void>
}

const nothingMore = { loadMore: () => Promise.resolve() }

/** Members of a conversation, page by page, followed live. */
export function useMembers(channel: string | undefined): Members {
  const views = useViews()
  const view = useMemo(
    () => (channel === undefined ? undefined : membersView(views, channel)),
    [views, channel],
  )
  const snapshot = useSlice(view, noMembers)
  return useMemo(
    () => withActions(snapshot, view === undefined ? nothingMore : { loadMore: view.loadMore }),
    [snapshot, view],
  )
}
