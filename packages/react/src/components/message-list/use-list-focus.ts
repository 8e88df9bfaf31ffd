import { type FocusEvent, type KeyboardEvent, useCallback, useState } from 'react'
import type { Row } from './rows.ts'

export interface ListFocus {
  /** Key of the row that Tab reaches. */
  readonly current: string | undefined
  /** Key of the row that has the focus, or something in it. */
  readonly kept: string | undefined
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void
  readonly onBlur: () => void
}

/** One row of the list is reached by Tab, the others from there by the arrow keys. */
export function useListFocus(rows: readonly Row[]): ListFocus {
  const [focused, setFocused] = useState<string>()
  const [remembered, setRemembered] = useState<string>()
  const isThere = remembered !== undefined && rows.some(({ key }) => key === remembered)
  const current = isThere ? remembered : rows.findLast(({ type }) => type === 'message')?.key

  const onFocus = useCallback((event: FocusEvent<HTMLElement>) => {
    const key = rowOf(event.target)?.dataset.key
    setFocused(key)
    setRemembered(key)
  }, [])
  const onBlur = useCallback(() => setFocused(undefined), [])
  const onKeyDown = useCallback((event: KeyboardEvent<HTMLElement>) => {
    const row = rowOf(event.target as HTMLElement)
    // Inside a row, keys belong to what has the focus there.
    if (row === undefined || event.target !== row) return
    const next = nextRow(row, event.key)
    if (next === undefined) return
    event.preventDefault()
    next.focus()
  }, [])
  return { current, kept: focused, onKeyDown, onFocus, onBlur }
}

function rowOf(element: HTMLElement): HTMLElement | undefined {
  return element.closest<HTMLElement>('[data-key]') ?? undefined
}

function nextRow(row: HTMLElement, key: string): HTMLElement | undefined {
  const rows = [...(row.parentElement?.querySelectorAll<HTMLElement>(':scope > [data-key]') ?? [])].filter(
    (other) => other.querySelector('.parley-day, .parley-unread-line') === null,
  )
  const index = rows.indexOf(row)
  switch (key) {
    case 'ArrowUp':
      return rows[Math.max(0, index - 1)]
    case 'ArrowDown':
      return rows[index + 1]
    case 'Home':
      return rows[0]
    case 'End':
      return rows.at(-1)
    default:
      return undefined
  }
}
