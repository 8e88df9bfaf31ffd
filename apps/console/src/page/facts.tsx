import { type ReactNode, useId } from 'react'
import styles from './page.module.css'

interface PartProps {
  readonly title: string
  readonly action?: ReactNode
  /** Of the heading: 3 in a panel, 2 on a page. */
  readonly level?: 2 | 3
  readonly children: ReactNode
}

/** A part of a panel or page under a heading. */
export function Part({ title, action, level = 3, children }: PartProps) {
  const id = useId()
  const Heading = level === 2 ? 'h2' : 'h3'
  return (
    <section className={styles.part} aria-labelledby={id}>
      <div className={styles.partHeader}>
        <Heading id={id} className={styles.partTitle}>
          {title}
        </Heading>
        {action}
      </div>
      {children}
    </section>
  )
}

/** Names and values. Values that are undefined are left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name} className={styles.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
