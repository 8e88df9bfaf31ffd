import { Scrollable } from '@parley/look'
import { type ReactNode, useEffect, useId } from 'react'
import styles from './page.module.css'

interface PageProps {
  readonly title: string
  /** One line under the title. */
  readonly lead?: ReactNode
  /** The one action of the page. */
  readonly action?: ReactNode
  /** What narrows the page, in a row. */
  readonly filters?: ReactNode
  /** Details of what is selected; the page stays beside it. */
  readonly panel?: ReactNode
  readonly children: ReactNode
}

/** Title with its one action, filters in a row, the content, and details at the side. */
export function Page({ title, lead, action, filters, panel, children }: PageProps) {
  const id = useId()
  useEffect(() => {
    document.title = `${title} · Parley console`
  }, [title])
  return (
    <div className={styles.frame}>
      <section className={styles.page} aria-labelledby={id}>
        <div className={styles.header}>
          <h1 id={id} className={styles.title}>
            {title}
          </h1>
          {action}
        </div>
        {lead && <p className={styles.lead}>{lead}</p>}
        {filters && <div className={styles.filters}>{filters}</div>}
        <Scrollable className={styles.content} role="group" aria-labelledby={id}>
          {children}
        </Scrollable>
      </section>
      {panel}
    </div>
  )
}
