import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

interface Anchor {
  readonly element: HTMLElement
  readonly top: number
}

interface Scrolling {
  readonly viewport: RefObject<HTMLDivElement | null>
  /** The list of lines inside the viewport. */
  readonly list: RefObject<HTMLOListElement | null>
  /** The newest line is in view, and stays in view. */
  readonly isPinned: boolean
  readonly toNewest: () => void
  /** Puts the line of this offset, or the next one, to the top. */
  readonly toOffset: (offset: number) => void
  /** For `onScroll` of the viewport. */
  readonly noticed: () => void
  /** Offset of the first line in view. */
  readonly topOffset: () => number | undefined
}

const nearEnd = 48

/**
 * Keeps the reader's place: at the newest line while they are there, else at the line they look at, whatever comes
 * before or after it.
 *
 * @param lines changes whenever the lines do
 */
export function useScrolling(lines: unknown): Scrolling {
  const viewport = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const anchor = useRef<Anchor>(undefined)
  const pinned = useRef(true)
  const [isPinned, setPinned] = useState(true)

  const pin = useCallback((next: boolean) => {
    pinned.current = next
    setPinned(next)
  }, [])

  const settle = useCallback(() => {
    const { current: box } = viewport
    if (box === null) return
    if (pinned.current) box.scrollTop = box.scrollHeight
    else if (anchor.current?.element.isConnected) {
      const { element, top } = anchor.current
      box.scrollTop += element.offsetTop - top
      anchor.current = { element, top: element.offsetTop }
    }
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: what moves the place is that the lines have changed.
  useLayoutEffect(settle, [lines, settle])

  // The composer grows, the keyboard of a telephone opens, a panel closes.
  useEffect(() => {
    const { current: box } = viewport
    if (box === null) return
    const observer = new ResizeObserver(settle)
    observer.observe(box)
    return () => observer.disconnect()
  }, [settle])

  const noticed = useCallback(() => {
    const { current: box } = viewport
    if (box === null) return
    const isNear = box.scrollHeight - box.scrollTop - box.clientHeight <= nearEnd
    if (isNear !== pinned.current) pin(isNear)
    const element = firstInView(list.current, box.scrollTop)
    anchor.current = element && { element, top: element.offsetTop }
  }, [pin])

  const toNewest = useCallback(() => {
    pin(true)
    settle()
  }, [pin, settle])

  const toOffset = useCallback(
    (offset: number) => {
      const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-offset]') ?? [])]
      const row = rows.find((one) => Number(one.dataset.offset) >= offset)
      if (row === undefined || viewport.current === null) return
      pin(false)
      viewport.current.scrollTop = row.offsetTop
      noticed()
    },
    [pin, noticed],
  )

  const topOffset = useCallback(() => {
    const row = anchor.current?.element
    return row?.dataset.offset === undefined ? undefined : Number(row.dataset.offset)
  }, [])

  return { viewport, list, isPinned, toNewest, toOffset, noticed, topOffset }
}

/** The first row that reaches below `top`, by halving: lists are long and this runs on every scroll. */
function firstInView(list: HTMLOListElement | null, top: number): HTMLElement | undefined {
  const rows = list?.children
  if (rows === undefined) return undefined
  let low = 0
  let high = rows.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle] as HTMLElement
    if (row.offsetTop + row.offsetHeight > top) high = middle
    else low = middle + 1
  }
  return rows[low] as HTMLElement | undefined
}
