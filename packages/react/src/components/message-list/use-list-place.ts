import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import type { MessageListProps, ShownList } from './message-list.tsx'
import type { Row } from './rows.ts'
import type { ListFocus } from './use-list-focus.ts'
import type { Reading } from './use-reading.ts'
import type { VirtualRows } from './use-virtual-rows.ts'

interface Around {
  readonly reading: Reading
  readonly list: ShownList
  readonly rows: readonly Row[]
  readonly virtual: VirtualRows
  readonly focus: ListFocus
}

interface ListPlace {
  /** Key of the row that is marked for a moment. */
  readonly highlighted: string | undefined
  readonly toNewest: () => Promise<void>
  /** Takes the reader to a message and marks it. */
  readonly show: (seq: number, how?: 'quietly') => Promise<void>
}

const markedMs = 2_500
const longestWaitMs = 1_000
// Rendering on a server knows no layout.
const useLayout = typeof document === 'undefined' ? useEffect : useLayoutEffect

/** Where the reader begins, and where the application or what they do takes them. */
export function useListPlace(props: MessageListProps, around: Around): ListPlace {
  const { highlight, ref } = props
  const { list, rows, virtual, focus, reading } = around
  const { messages, status, jumpTo, jumpToNewest } = list
  const { toEnd, toRow, viewport } = virtual
  const [marked, setMarked] = useState<number>()

  const show = useCallback(
    async (seq: number, how?: 'quietly') => {
      const found = (await jumpTo({ seq })) ?? seq
      toRow((row) => row.type === 'message' && row.place >= found)
      if (how === undefined) setMarked(found)
    },
    [jumpTo, toRow],
  )
  useEffect(() => {
    if (marked === undefined) return
    const timer = setTimeout(() => setMarked(undefined), markedMs)
    return () => clearTimeout(timer)
  }, [marked])

  const toNewest = useCallback(async () => {
    await jumpToNewest()
    toEnd()
  }, [jumpToNewest, toEnd])

  useEffect(() => {
    if (highlight !== undefined) void show(highlight)
  }, [highlight, show])

  useBeginning(status === 'ready', highlight !== undefined, { rows, reading, virtual })

  // What one writes oneself is what one wants to see.
  const sending = messages.findLast(({ state }) => state === 'sending')?.key
  useLayout(() => {
    if (sending !== undefined) toEnd()
  }, [sending, toEnd])

  const { current } = focus
  useImperativeHandle(
    ref,
    () => ({
      scrollTo: (seq) => show(seq),
      scrollToNewest: toNewest,
      focus: () => {
        const rowsThere = [...(viewport.current?.querySelectorAll<HTMLElement>('[data-key]') ?? [])]
        rowsThere.find(({ dataset }) => dataset.key === current)?.focus()
      },
    }),
    [show, toNewest, viewport, current],
  )

  const highlighted =
    marked === undefined ? undefined : rows.find((row) => row.type === 'message' && row.place === marked)?.key
  return { highlighted, toNewest, show }
}

/** The reader begins where they left off, if that is within the first page; else at the newest message. */
function useBeginning(
  isReady: boolean,
  isTaken: boolean,
  { rows, reading, virtual }: Pick<Around, 'rows' | 'reading' | 'virtual'>,
): void {
  const { lineAfter, begin } = reading
  const { toRow, isPinned } = virtual
  const hasBegun = useRef(false)
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    if (!isReady) return
    const timer = setTimeout(() => setLate(true), longestWaitMs)
    return () => clearTimeout(timer)
  }, [isReady])
  useLayout(() => {
    // How far they had read may become known a moment after the first page.
    const isKnown = lineAfter !== undefined || isTaken || isLate
    if (hasBegun.current || !isReady || (isPinned && !isKnown)) return
    hasBegun.current = true
    begin()
    const isUnread = ({ type }: Row): boolean => type === 'unread'
    if (!isTaken && isPinned && rows.some(isUnread)) toRow(isUnread)
  }, [isReady, isTaken, isLate, lineAfter, rows, begin, toRow, isPinned])
}
