import { useCallback, useEffect, useRef, useState } from 'react'
import { useUnread } from '../../chat/use-unread.ts'
import type { Row } from './rows.ts'

export interface Reading {
  /** The user had read up to here when they came, or has said so since; undefined: not known. */
  readonly lineAfter: number | undefined
  readonly unread: number
  /** The row that is the last in view. */
  readonly saw: (row: Row | undefined) => void
  /** The reader is where they begin: what is in view from now on counts. */
  readonly begin: () => void
}

/** Marks as read what was in view while the page could be seen, and remembers where reading began. */
export function useReading(channel: string, thread: number | undefined, marks: boolean): Reading {
  const { unread, readUpTo, seen, lookAgain } = useUnread(channel, thread)
  const place = `${channel} ${thread ?? ''}`
  const [line, setLine] = useState<{ readonly place: string; readonly after: number }>()
  const isHere = line?.place === place
  if (readUpTo !== undefined && (!isHere || readUpTo < line.after)) setLine({ place, after: readUpTo })

  const lastSeen = useRef(0)
  const hasBegun = useRef(false)
  const report = useCallback(() => {
    if (
      marks &&
      hasBegun.current &&
      lastSeen.current > 0 &&
      document.visibilityState === 'visible' &&
      document.hasFocus()
    )
      seen(channel, lastSeen.current, thread)
  }, [marks, seen, channel, thread])

  useEffect(() => lookAgain(channel, thread), [lookAgain, channel, thread])

  useEffect(() => {
    document.addEventListener('visibilitychange', report)
    window.addEventListener('focus', report)
    return () => {
      document.removeEventListener('visibilitychange', report)
      window.removeEventListener('focus', report)
    }
  }, [report])

  const saw = useCallback(
    (row: Row | undefined) => {
      if (row === undefined || !hasBegun.current) return
      lastSeen.current = Math.max(lastSeen.current, row.place)
      report()
    },
    [report],
  )
  const begin = useCallback(() => {
    hasBegun.current = true
  }, [])
  // Known only after the rows were seen: then they count now.
  useEffect(() => {
    if (readUpTo !== undefined) report()
  }, [readUpTo, report])

  return { lineAfter: isHere ? line.after : undefined, unread, saw, begin }
}
