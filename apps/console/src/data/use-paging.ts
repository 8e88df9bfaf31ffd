import { useState } from 'react'

/** Where a list that is paged by the server stands. */
export interface Paging<Cursor> {
  /** Pass as `after`; undefined on the first page. */
  readonly after: Cursor | undefined
  readonly page: number
  readonly next: (cursor: Cursor) => void
  readonly previous: () => void
}

/** @param about what the list is about: another list begins at its first page */
export function usePaging<Cursor>(about: string): Paging<Cursor> {
  const [state, setState] = useState<{ readonly about: string; readonly cursors: readonly Cursor[] }>({
    about,
    cursors: [],
  })
  const cursors = state.about === about ? state.cursors : []
  return {
    after: cursors.at(-1),
    page: cursors.length + 1,
    next: (cursor) => setState({ about, cursors: [...cursors, cursor] }),
    previous: () => setState({ about, cursors: cursors.slice(0, -1) }),
  }
}
