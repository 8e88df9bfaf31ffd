import type { ReactNode } from 'react'
import styles from './table.module.css'

interface TagProps {
  readonly tone?: 'plain' | 'good' | 'warning' | 'bad'
  readonly children: ReactNode
}

/** A short state. Its sign says as much as its colour. */
export function Tag({ tone = 'plain', children }: TagProps) {
  return (
    <span className={styles.tag} data-tone={tone}>
      {tone !== 'plain' && <span aria-hidden="true">{signs[tone]}</span>}
      {children}
    </span>
  )
}

const signs = { good: '●', warning: '◐', bad: '▲' } as const
