import { Button } from '@mantine/core'
import { type ReactNode, useCallback } from 'react'
import { Failure } from './failure.tsx'
import styles from './paged-list.module.css'
import { Skeleton } from './skeleton.tsx'
import type { Pages } from './use-pages.ts'

interface PagedListProps<Item> {
  readonly pages: Pages<Item>
  /** What the list holds: "Threads". */
  readonly label: string
  readonly shape: 'messages' | 'rows'
  readonly keyOf: (item: Item) => string
  readonly children: (item: Item) => ReactNode
  /** Shown when there is nothing. */
  readonly empty: ReactNode
}

/** A list in every state that it can be in: being read, empty, failed, partly read, whole. */
export function PagedList<Item>({ pages, label, shape, keyOf, children, empty }: PagedListProps<Item>) {
  const { items, status, error, hasMore, reload } = pages
  if (status === 'loading') return <Skeleton label={`Reading: ${label}`} shape={shape} />
  if (status === 'failed')
    return <Failure title={`${label} could not be read`} message={error?.message ?? ''} onRetry={reload} />
  // A page may hold nothing while there are more.
  if (items.length === 0 && !hasMore) return empty
  return (
    <>
      <ul className={styles.list} aria-label={label}>
        {items.map((item) => (
          <li key={keyOf(item)}>{children(item)}</li>
        ))}
      </ul>
      {(hasMore || error !== undefined) && <Further pages={pages} />}
    </>
  )
}

/** Reads on when it comes into view; the button is for keyboards and for after a failure. */
function Further<Item>({
  pages: { items, isLoadingMore, error, loadMore, reload },
}: {
  readonly pages: Pages<Item>
}) {
  const count = items.length
  const sentinel = useCallback(
    (element: HTMLElement | null) => {
      // Anew after each page, as this may still be in view.
      if (element === null || count < 0) return
      const observer = new IntersectionObserver(
        (entries) => {
          if (entries.at(-1)?.isIntersecting) loadMore()
        },
        { rootMargin: '300px 0px' },
      )
      observer.observe(element)
      return () => observer.disconnect()
    },
    [loadMore, count],
  )
  return (
    <div ref={error === undefined ? sentinel : undefined} className={styles.further}>
      {error !== undefined && (
        <p className={styles.problem} role="alert">
          The list could not be read on. {error.message}
        </p>
      )}
      <Button
        variant="default"
        size="compact-md"
        loading={isLoadingMore}
        onClick={error === undefined ? loadMore : reload}
      >
        {error === undefined ? 'Show more' : 'Try again'}
      </Button>
    </div>
  )
}
