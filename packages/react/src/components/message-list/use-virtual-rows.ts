import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef } from 'react'
import type { Row } from './rows.ts'
import { type Frame, RowsInView } from './rows-in-view.ts'

export interface VirtualRowsOptions {
  /** The rows end with the newest message: then a reader at the end stays at the end. */
  readonly reachesEnd: boolean
  /** The reader is near the first or the last row. */
  readonly onNear: (edge: 'first' | 'last') => void
  /** The rows that are in view have changed. */
  readonly onView: (last: Row | undefined, isPinned: boolean) => void
}

export interface VirtualRows {
  readonly viewport: RefObject<HTMLDivElement | null>
  readonly list: RefObject<HTMLOListElement | null>
  /** What is rendered: rows, and between them heights of rows that are not. */
  readonly frame: Frame
  /** For each row that is rendered. */
  readonly register: (key: string, element: HTMLElement) => () => void
  readonly onScroll: () => void
  readonly isPinned: boolean
  readonly toEnd: () => void
  /** Puts a row where it can be read as soon as it is there. */
  readonly toRow: (find: (row: Row) => boolean) => void
}

// Rendering on a server knows no layout.
const useLayout = typeof document === 'undefined' ? useEffect : useLayoutEffect

/**
 * Renders the rows that can be seen and some around them, and keeps the reader's place: at the end while they are
 * there, else at the row they look at, whatever comes, goes or grows before it.
 *
 * @param kept key of a row that stays rendered wherever it is: it has the focus
 */
export function useVirtualRows(
  rows: readonly Row[],
  kept: string | undefined,
  options: VirtualRowsOptions,
): VirtualRows {
  const viewport = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const [, renderAgain] = useReducer((count: number) => count + 1, 0)
  const latest = useRef(options)
  const view = useMemo(
    () =>
      new RowsInView({
        viewport: () => viewport.current,
        list: () => list.current,
        changed: renderAgain,
        near: (edge) => latest.current.onNear(edge),
        seen: (last, isPinned) => latest.current.onView(last, isPinned),
      }),
    [],
  )
  latest.current = options
  const frame = view.arrange(rows, kept, options.reachesEnd)

  useLayout(() => {
    view.settle()
  })
  useEffect(() => view.observe(), [view])

  const register = useCallback((key: string, element: HTMLElement) => view.register(key, element), [view])
  const onScroll = useCallback(() => view.scrolled(), [view])
  const toEnd = useCallback(() => view.toEnd(), [view])
  const toRow = useCallback((find: (row: Row) => boolean) => view.toRow(find), [view])
  return { viewport, list, frame, register, onScroll, isPinned: view.isPinned, toEnd, toRow }
}
