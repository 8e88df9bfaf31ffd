import { Button } from '@mantine/core'
import type { Paging } from '../data/use-paging.ts'
import styles from './table.module.css'

interface PagerProps<Cursor> {
  readonly paging: Paging<Cursor>
  /** Where the next page begins; undefined at the end. */
  readonly next: Cursor | undefined
  /** What is shown, in words: "50 of 15,000". */
  readonly words: string
}

/** The way through a list that the server gives page by page. */
export function Pager<Cursor>({ paging, next, words }: PagerProps<Cursor>) {
  return (
    <nav className={styles.pager} aria-label="Pages of the list">
      <span className={styles.words}>{words}</span>
      {(paging.page > 1 || next !== undefined) && (
        <>
          <Button variant="default" size="compact-md" disabled={paging.page === 1} onClick={paging.previous}>
            Previous
          </Button>
          <span>Page {paging.page}</span>
          <Button
            variant="default"
            size="compact-md"
            disabled={next === undefined}
            onClick={() => next !== undefined && paging.next(next)}
          >
            Next
          </Button>
        </>
      )}
    </nav>
  )
}
