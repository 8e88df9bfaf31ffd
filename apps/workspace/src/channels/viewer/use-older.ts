import type { ParleyError } from '@parley/client'
import type { ChannelState } from '@parley/react'
import { type RefCallback, type RefObject, useCallback, useEffect, useRef, useState } from 'react'

interface OlderOptions {
  readonly viewport: RefObject<HTMLElement | null>
  /** An offset that the reader was at before a reload. */
  readonly resumeAt: number | undefined
  readonly toOffset: (offset: number) => void
}

interface Older {
  readonly hasOlder: boolean
  /** Why the last page could not be read. */
  readonly error: ParleyError | undefined
  readonly load: () => void
  /** Comes into view when the reader nears the beginning. */
  readonly sentinel: RefCallback<HTMLElement>
}

const pageSize = 50
const resumePageSize = 200
/** A place further back than this is not looked for: the reader begins at the newest message. */
const mostResumePages = 10
/** The newest messages follow their announcement within so long. */
const bareMs = 1_000

/** Reads older pages: as the reader goes up, and after a reload until the place is there where they were. */
export function useOlder(view: ChannelState, { viewport, resumeAt, toOffset }: OlderOptions): Older {
  const { events, hasOlder, isLoadingOlder, status, loadOlder } = view
  const [error, setError] = useState<ParleyError>()
  const wanted = useRef(resumeAt)
  const pages = useRef(0)
  const latest = useRef({ hasOlder, isLoadingOlder, loadOlder })
  latest.current = { hasOlder, isLoadingOlder, loadOlder }

  const load = useCallback((size = pageSize) => {
    if (!latest.current.hasOlder || latest.current.isLoadingOlder) return
    setError(undefined)
    latest.current.loadOlder(size).catch((cause: ParleyError) => setError(cause))
  }, [])

  useEffect(() => {
    const { current: offset } = wanted
    const oldest = events[0]
    if (offset === undefined || oldest === undefined || status !== 'subscribed' || isLoadingOlder) return
    if (oldest.offset > offset && hasOlder && error === undefined && pages.current < mostResumePages) {
      pages.current += 1
      return load(resumePageSize)
    }
    wanted.current = undefined
    if (oldest.offset <= offset) toOffset(offset)
  }, [events, status, isLoadingOlder, hasOlder, error, load, toOffset])

  const first = events[0]?.offset
  // Anew after each page, as it may still be in view.
  const sentinel = useCallback(
    (element: HTMLElement | null) => {
      // The newest messages come by themselves, and before older ones.
      if (element === null || first === undefined) return
      const observer = new IntersectionObserver(
        (entries) => {
          if (entries.at(-1)?.isIntersecting && wanted.current === undefined) load()
        },
        { root: viewport.current, rootMargin: '400px 0px 0px' },
      )
      observer.observe(element)
      return () => observer.disconnect()
    },
    [viewport, load, first],
  )

  // There is something older, but nothing new: all of it was taken back.
  const isBare = status === 'subscribed' && hasOlder && first === undefined
  useEffect(() => {
    if (!isBare) return
    const timer = setTimeout(load, bareMs)
    return () => clearTimeout(timer)
  }, [isBare, load])

  return { hasOlder, error, load: () => load(), sentinel }
}
