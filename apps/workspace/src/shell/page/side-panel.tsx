import { ActionIcon } from '@mantine/core'
import { Icon, Scrollable } from '@parley/look'
import { type ReactNode, useId } from 'react'
import styles from './side-panel.module.css'

interface SidePanelProps {
  readonly title: string
  readonly action?: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
  /** The children scroll by themselves. */
  readonly isWhole?: boolean
}

/** What stands beside the content, or over it in a narrow window. */
export function SidePanel({ title, action, onClose, children, isWhole = false }: SidePanelProps) {
  const id = useId()
  return (
    <section className={styles.panel} aria-labelledby={id} data-region="panel">
      <div className={styles.header}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {action}
        <ActionIcon
          variant="subtle"
          color="quiet"
          size={36}
          aria-label="Close the side panel"
          onClick={onClose}
        >
          <Icon name="close" />
        </ActionIcon>
      </div>
      {isWhole ? (
        <div className={styles.whole}>{children}</div>
      ) : (
        <Scrollable className={styles.content} role="group" aria-labelledby={id}>
          {children}
        </Scrollable>
      )}
    </section>
  )
}
