'use client'

import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice } from '../views/use-slice.ts'
import { type DraftSnapshot, draftsView, noDraft, noDrafts } from './drafts/drafts-view.ts'
import { placeOf } from './reading/unread.ts'

export interface DraftActions {
  /** The user wrote; saved after a second without another change. */
  setText(text: string): void
  /** Drops the draft everywhere, as after sending. */
  clear(): void
  /** Saves at once what is not saved. */
  save(): void
}

export interface Draft extends DraftSnapshot, DraftActions {}

/**
 * What the user is writing in a conversation or thread. It follows them to other devices, and what comes from there
 * never replaces what is being typed here.
 */
export function useDraft(
  channel: string | undefined,
  options: { readonly thread?: number | undefined } = {},
): Draft {
  const view = draftsView(useViews())
  const { thread } = options
  const place = channel === undefined ? undefined : placeOf(channel, thread)
  const current = useCallback(
    () => (place === undefined ? noDraft : (view.snapshot.drafts.get(place) ?? noDraft)),
    [view, place],
  )
  const snapshot = useSyncExternalStore(view.watch, current, () => noDraft)
  const actions = useMemo((): DraftActions => {
    const text = () => (channel === undefined ? undefined : view.draft(channel, thread))
    return {
      setText: (words) => text()?.write(words),
      clear: () => text()?.clear(),
      save: () => text()?.save(),
    }
  }, [view, channel, thread])
  return useMemo(() => ({ ...snapshot, ...actions }), [snapshot, actions])
}

/** Conversations, and `channel/seq` of threads, in which something is written and not sent. */
export function useDraftPlaces(): ReadonlySet<string> {
  return useSlice(draftsView(useViews()), noDrafts).places
}
