import { useEffect, useSyncExternalStore } from 'react'
import type { ChannelDesk } from './channel-desk.ts'

/** Counts what is new in the channels of the list that are not open. */
export function useFollowing({ book, unread }: ChannelDesk, open: string | undefined): void {
  const channels = useSyncExternalStore(book.watch, book.list)

  useEffect(() => {
    if (open !== undefined) book.add(open)
    let isCurrent = true
    // After the channel that was open a moment ago has been left, so that nobody sees the reader there any more.
    queueMicrotask(() => {
      if (isCurrent) unread.follow(channels.filter((channel) => channel !== open))
    })
    return () => {
      isCurrent = false
    }
  }, [book, unread, channels, open])

  useEffect(() => {
    const save = () => unread.save()
    addEventListener('pagehide', save)
    return () => {
      removeEventListener('pagehide', save)
      unread.stop()
    }
  }, [unread])
}
