import { ActionIcon } from '@mantine/core'
import { Icon, Scrollable } from '@parley/look'
import { type ReactNode, useId } from 'react'
import type { Place } from '../../address/place.ts'
import { goTo } from '../../address/use-place.ts'
import styles from './page.module.css'

interface PageProps {
  readonly title: string
  /** One line under the title. */
  readonly lead?: string
  /** The one action of the page. */
  readonly action?: ReactNode
  /** What narrows the page, in a row under the title. */
  readonly filters?: ReactNode
  /** Where a telephone goes back to; pages of the bottom bar have none. */
  readonly back?: Place
  readonly children: ReactNode
}

/** A page beside the list: title, filters, content of reading width. */
export function Page({ title, lead, action, filters, back, children }: PageProps) {
  const id = useId()
  return (
    <section className={styles.page} aria-labelledby={id}>
      <div className={styles.header}>
        {back && (
          <ActionIcon
            className={styles.back}
            variant="subtle"
            color="quiet"
            size={36}
            aria-label="Back"
            onClick={() => goTo(back)}
          >
            <Icon name="back" />
          </ActionIcon>
        )}
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        <span className={styles.space} />
        {action}
      </div>
      <Scrollable className={styles.scroll} role="group" aria-labelledby={id}>
        <div className={styles.content}>
          {lead && <p className={styles.lead}>{lead}</p>}
          {filters && <div className={styles.filters}>{filters}</div>}
          {children}
        </div>
      </Scrollable>
    </section>
  )
}
