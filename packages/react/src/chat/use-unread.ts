'use client'

import { useCallback, useMemo, useRef, useSyncExternalStore } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice, withActions } from '../views/use-slice.ts'
import { placeOf, type UnreadActions, type UnreadSnapshot } from './reading/unread.ts'
import { nothingUnread, unreadView } from './reading/unread-view.ts'

export interface Unread extends UnreadSnapshot, UnreadActions {}

/** What waits in one conversation or thread. */
export interface UnreadIn {
  readonly unread: number
  readonly mentions: number
  /** Everything up to this seq is read; undefined while it is not known. */
  readonly readUpTo: number | undefined
}

const nothing: UnreadIn = { unread: 0, mentions: 0, readUpTo: undefined }

/** Unread and mention counts of all conversations and followed threads. */
export function useUnread(): Unread
/** Those of one conversation or thread: renders again only when they change. */
export function useUnread(channel: string, thread?: number): UnreadIn & UnreadActions
export function useUnread(channel?: string, thread?: number): Unread | (UnreadIn & UnreadActions) {
  const views = useViews()
  const view = unreadView(views)
  const everywhere = useSlice(view, nothingUnread)
  const here = useUnreadIn(view, channel, thread)
  return useMemo(
    () => (channel === undefined ? withActions(everywhere, view.actions) : { ...here, ...view.actions }),
    [channel, everywhere, view, here],
  )
}

/** The counts of one place; the same object while they are the same. */
function useUnreadIn(
  view: ReturnType<typeof unreadView>,
  channel: string | undefined,
  thread: number | undefined,
): UnreadIn {
  const given = useRef(nothing)
  const place = channel === undefined ? undefined : placeOf(channel, thread)
  const current = useCallback((): UnreadIn => {
    const { conversations, threads } = view.snapshot
    const state = place === undefined ? undefined : (conversations.get(place) ?? threads.get(place))
    const { unread, mentions, readUpTo } = given.current
    if (unread !== (state?.unread ?? 0) || mentions !== (state?.mentions ?? 0) || readUpTo !== state?.seq)
      given.current = { unread: state?.unread ?? 0, mentions: state?.mentions ?? 0, readUpTo: state?.seq }
    return given.current
  }, [view, place])
  return useSyncExternalStore(view.watch, current, () => nothing)
}
