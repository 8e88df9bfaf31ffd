'use client'

import { createTypist } from '@parley/client'
import { useEffect, useMemo } from 'react'
import { useViews } from '../provider.tsx'
import { useSlice, withActions } from '../views/use-slice.ts'
import { nobodyTypes, type TypingActivity, type TypingSnapshot, typingView } from './typing-view.ts'

export interface TypingState extends TypingSnapshot {
  /** To be called with each key; what goes out is far less. */
  readonly keystroke: (activity?: TypingActivity) => void
  /** On sending, clearing and leaving the field. */
  readonly stop: () => void
}

const silent = { keystroke: () => undefined, stop: () => undefined }

/** Who is writing in a conversation or thread, and the way to say that the user is. */
export function useTyping(
  channel: string | undefined,
  options: { readonly thread?: number | undefined } = {},
): TypingState {
  const views = useViews()
  const { thread } = options
  const view = useMemo(
    () => (channel === undefined ? undefined : typingView(views, channel, thread)),
    [views, channel, thread],
  )
  const typist = useMemo(
    () => (channel === undefined ? undefined : createTypist(views.client, channel, { thread })),
    [views, channel, thread],
  )
  useEffect(() => () => typist?.stop(), [typist])
  const snapshot = useSlice(view, nobodyTypes)
  return useMemo(() => withActions(snapshot, typist ?? silent), [snapshot, typist])
}
