import type { ParleyError } from '@parley/client'
import { useCallback, useEffect, useRef, useState } from 'react'

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Where the next page begins; absent at the end. */
  readonly next?: string | undefined
}

export interface Pages<Item> {
  readonly items: readonly Item[]
  readonly status: 'loading' | 'ready' | 'failed'
  /** Why the first or a further page could not be read. */
  readonly error: ParleyError | undefined
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  readonly loadMore: () => void
  /** Reads from the beginning; what is shown stays until the answer is there. */
  readonly reload: () => void
  /** Changes what is shown after the person did something to it. */
  readonly change: (change: (items: readonly Item[]) => readonly Item[]) => void
}

interface State<Item> {
  readonly key: string
  readonly items: readonly Item[]
  readonly status: Pages<Item>['status']
  readonly error?: ParleyError | undefined
  readonly next?: string | undefined
  readonly isLoadingMore: boolean
}

const empty = { items: [], status: 'loading', isLoadingMore: false } as const

/**
 * A list that the server gives page by page.
 *
 * @param key what the list is about: another key is another list, read from its beginning
 */
export function usePages<Item>(
  key: string,
  load: (after: string | undefined) => Promise<Page<Item>>,
): Pages<Item> {
  const [state, setState] = useState<State<Item>>({ key, ...empty })
  const shown = state.key === key ? state : { key, ...empty }
  const latest = useRef({ load, shown })
  latest.current = { load, shown }
  /** Answers to a request that is no longer wanted are dropped. */
  const request = useRef(0)

  const read = useCallback(
    (after: string | undefined) => {
      request.current += 1
      const mine = request.current
      const set = (change: (before: State<Item>) => State<Item>) =>
        setState((before) => (request.current === mine ? change(before) : before))
      latest.current.load(after).then(
        ({ items, next }) =>
          set((before) => {
            const known = after === undefined || before.key !== key ? [] : before.items
            return { key, items: [...known, ...items], status: 'ready', next, isLoadingMore: false }
          }),
        (error: ParleyError) =>
          set((before) => ({
            ...(before.key === key ? before : { key, ...empty }),
            status: before.key === key && before.items.length > 0 ? 'ready' : 'failed',
            error,
            isLoadingMore: false,
          })),
      )
    },
    [key],
  )

  const reload = useCallback(() => {
    setState((before) => (before.status === 'failed' ? { key, ...empty } : before))
    read(undefined)
  }, [key, read])

  useEffect(() => {
    read(undefined)
    return () => {
      request.current += 1
    }
  }, [read])

  const loadMore = useCallback(() => {
    const { next, isLoadingMore, status } = latest.current.shown
    if (next === undefined || isLoadingMore || status !== 'ready') return
    setState((before) => ({ ...before, isLoadingMore: true, error: undefined }))
    read(next)
  }, [read])

  const change = useCallback<Pages<Item>['change']>(
    (update) => setState((before) => ({ ...before, items: update(before.items) })),
    [],
  )

  const { items, status, error, next, isLoadingMore } = shown
  return { items, status, error, hasMore: next !== undefined, isLoadingMore, loadMore, reload, change }
}
