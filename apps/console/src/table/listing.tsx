import { Button } from '@mantine/core'
import type { ParleyError } from '@parley/client'
import { Empty, Failure, Skeleton } from '@parley/look'
import type { ReactNode } from 'react'
import styles from './table.module.css'

interface ListingProps {
  /** What is listed: "Connections". */
  readonly label: string
  readonly answer: {
    readonly isPending: boolean
    readonly error: ParleyError | null
    readonly data: unknown
    readonly refetch: () => unknown
  }
  readonly isEmpty: boolean
  /** One sentence for when there is nothing, and the one thing to do about it. */
  readonly empty: { readonly text: string; readonly action?: ReactNode }
  readonly children: ReactNode
}

/** A list in every state that it can be in: being read, failed, empty, old because the last reading failed, whole. */
export function Listing({ label, answer, isEmpty, empty, children }: ListingProps) {
  const { isPending, error, data, refetch } = answer
  if (isPending) return <Skeleton label={`Reading: ${label}`} shape="lines" />
  if (error !== null && data === undefined)
    return <Failure title={`${label} could not be read`} message={error.message} onRetry={() => refetch()} />
  return (
    <>
      {error !== null && (
        <p className={styles.old} role="alert">
          <span>This is not up to date: {error.message}</span>
          <Button variant="default" size="compact-sm" onClick={() => refetch()}>
            Try again
          </Button>
        </p>
      )}
      {isEmpty ? <Empty text={empty.text}>{empty.action}</Empty> : children}
    </>
  )
}
