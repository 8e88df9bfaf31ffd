import type { ReactNode } from 'react'
import styles from './states.module.css'

interface EmptyProps {
  /** One sentence. */
  readonly text: string
  /** One action. */
  readonly children?: ReactNode
}

/** Nothing is here yet, and what to do about it. */
export function Empty({ text, children }: EmptyProps) {
  return (
    <div className={styles.state}>
      <p className={styles.text}>{text}</p>
      {children && <div className={styles.actions}>{children}</div>}
    </div>
  )
}
