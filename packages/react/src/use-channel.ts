'use client'

import type { ChannelEvent } from '@parley/client'
import { use, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import {
  type ChannelOptions,
  type ChannelSnapshot,
  ChannelView,
  type PublishOptions,
} from './channel-view.ts'
import type { ChannelStart } from './event-list.ts'
import { useViews } from './provider.tsx'
import type { Views } from './views/views.ts'

export interface UseChannelOptions extends ChannelOptions {
  /**
   * What a server has rendered (`readChannel` of `@parley/react/server`): shown at once, and gone on from, so that nothing
   * that happened in between is missed or shown twice.
   */
  readonly initial?: ChannelStart | undefined
  /** Told about each event, in order, beside the list. */
  readonly onEvent?: ((event: ChannelEvent) => void) | undefined
}

/** A channel as components use it. The functions stay the same for the life of the channel. */
export interface ChannelState extends ChannelSnapshot {
  /** Publishes; until the event comes back, `outgoing` shows it. */
  publish(data: unknown, options?: PublishOptions): Promise<void>
  /** Sends a failed event of `outgoing` again; it is not published twice. */
  retry(id: string): Promise<void>
  /** Gives a failed event of `outgoing` up. */
  discard(id: string): void
  /** Sets this session's keyed-state entry; `null` removes it. */
  setState(name: string, value: unknown): Promise<void>
  /** Reads older events in; resolves with whether there are more. */
  loadOlder(limit?: number): Promise<boolean>
}

/**
 * Subscribes to a channel while mounted.
 *
 * @param channel undefined: nothing is subscribed
 */
export function useChannel(channel: string | undefined, options: UseChannelOptions = {}): ChannelState {
  const views = useViews()
  const { onEvent, initial, ...rest } = options
  // Options are usually written in place: the view is the same as long as they mean the same.
  const wanted = JSON.stringify(rest)
  const name = `${channel} ${wanted}`
  const make = (): Kept => {
    const { client, offline } = views
    const before = { start: initial, cache: offline.cache }
    return {
      views,
      name,
      view: new ChannelView(client, channel ?? '', JSON.parse(wanted) as ChannelOptions, before),
    }
  }
  // No `useMemo`: it forgets when a module is replaced while it runs, and what was subscribed would be so once more.
  const [kept, keep] = useState(make)
  const isCurrent = kept.views === views && kept.name === name
  const { view } = isCurrent ? kept : make()
  if (!isCurrent) keep({ views, name, view })
  return useView(view, { onEvent, isWanted: channel !== undefined })
}

interface Kept {
  readonly views: Views
  /** Of the channel and what is wanted of it. */
  readonly name: string
  readonly view: ChannelView
}

/**
 * As {@link useChannel}, for components below a `Suspense`: they are shown once the channel is subscribed, and its newest
 * events are there. On a server, which subscribes to nothing, they are rendered as they are.
 *
 * @throws ParleyError to the error boundary above, when the channel cannot be subscribed
 */
export function useSuspenseChannel(channel: string, options: UseChannelOptions = {}): ChannelState {
  const views = useViews()
  const { onEvent, initial, ...rest } = options
  const key = JSON.stringify(rest)
  // A component that waits is forgotten with all that it remembers: the provider keeps the view for it.
  const view = views.get(
    `channel ${channel} ${key}`,
    ({ client, offline: { cache } }) =>
      new ChannelView(client, channel, JSON.parse(key) as ChannelOptions, { start: initial, cache }),
  )
  const filled = typeof window === 'undefined' ? undefined : view.whenFilled()
  if (filled !== undefined) use(filled)
  const state = useView(view, { onEvent, isWanted: true })
  if (state.error !== undefined && state.status === 'unsubscribed') throw state.error
  return state
}

interface Watching {
  readonly onEvent: UseChannelOptions['onEvent']
  readonly isWanted: boolean
}

function useView(view: ChannelView, { onEvent, isWanted }: Watching): ChannelState {
  // Components below a `Suspense` share a view: each hears for itself.
  useEffect(() => onEvent && view.hear(onEvent), [view, onEvent])
  const watch = useCallback(
    (listener: () => void) => (isWanted ? view.watch(listener) : () => undefined),
    [view, isWanted],
  )
  const snapshot = useSyncExternalStore(
    watch,
    () => view.snapshot,
    () => view.first,
  )
  const functions = useMemo(
    (): Omit<ChannelState, keyof ChannelSnapshot> => ({
      publish: (data, how) => view.publish(data, how),
      retry: (id) => view.retry(id),
      discard: (id) => view.discard(id),
      setState: (name, value) => view.setState(name, value),
      loadOlder: (limit) => view.loadOlder(limit),
    }),
    [view],
  )
  return useMemo(() => ({ ...snapshot, ...functions }), [snapshot, functions])
}
