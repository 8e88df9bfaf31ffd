import { useEffect, useSyncExternalStore } from 'react'
import type { Desk } from '../shell/desk.ts'
import { partsOf } from './address.ts'

/** Counts what is new in the channels of the list that are not open, and says so in the title of the page. */
export function useFollowing({ book, unread }: Desk, open: string | undefined): void {
  const channels = useSyncExternalStore(book.watch, book.list)
  const counts = useSyncExternalStore(unread.watch, unread.counts)

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

  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const name = open === undefined ? 'Parley' : `${partsOf(open).id} · Parley`
  useEffect(() => {
    document.title = total === 0 ? name : `(${total}) ${name}`
  }, [name, total])
}
