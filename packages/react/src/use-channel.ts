'use client'

import type { ChannelEvent } from '@parley/client'
import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import {
  type ChannelOptions,
  type ChannelSnapshot,
  ChannelView,
  emptySnapshot,
  type PublishOptions,
} from './channel-view.ts'
import { useClient } from './provider.tsx'

export interface UseChannelOptions extends ChannelOptions {
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
  const client = useClient()
  const { onEvent, ...rest } = options
  // Options are usually written in place: the view is the same as long as they mean the same.
  const key = JSON.stringify(rest)
  const view = useMemo(
    () => new ChannelView(client, channel ?? '', JSON.parse(key) as ChannelOptions),
    [client, channel, key],
  )
  useEffect(() => {
    view.onEvent = onEvent
  }, [view, onEvent])
  const isWanted = channel !== undefined
  const watch = useCallback(
    (listener: () => void) => (isWanted ? view.watch(listener) : () => undefined),
    [view, isWanted],
  )
  const snapshot = useSyncExternalStore(
    watch,
    () => view.snapshot,
    () => emptySnapshot,
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
