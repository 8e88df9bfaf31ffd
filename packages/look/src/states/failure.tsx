import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Sentence } from './sentence.tsx'
import styles from './states.module.css'

interface FailureProps {
  /** What does not work. */
  readonly title: string
  /** Why, and what to do. */
  readonly message: string
  readonly onRetry?: () => void
  readonly children?: ReactNode
}

/** Something could not be shown: what, why, and a way on. */
export function Failure({ title, message, onRetry, children }: FailureProps) {
  return (
    <div className={styles.state} role="alert">
      <h2 className={styles.title}>{title}</h2>
      <p className={styles.text}>
        <Sentence text={message} />
      </p>
      <div className={styles.actions}>
        {onRetry && (
          <Button variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        {children}
      </div>
    </div>
  )
}
