import { ActionIcon } from '@mantine/core'
import { Icon, Scrollable } from '@parley/look'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import styles from './page.module.css'

interface SidePanelProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Details beside the list, or over it in a narrow window. Escape closes it. */
export function SidePanel({ title, onClose, children }: SidePanelProps) {
  const id = useId()
  const panel = useRef<HTMLElement>(null)
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // A menu or a dialogue that is open takes the key for itself.
      if (
        event.key === 'Escape' &&
        !event.defaultPrevented &&
        document.querySelector('[role=dialog],[role=menu]') === null
      )
        close.current()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  return (
    <section ref={panel} className={styles.panel} aria-labelledby={id}>
      <div className={styles.panelHeader}>
        <h2 id={id} className={styles.panelTitle} title={title}>
          {title}
        </h2>
        <ActionIcon variant="subtle" color="quiet" size={36} aria-label="Close the details" onClick={onClose}>
          <Icon name="close" />
        </ActionIcon>
      </div>
      <Scrollable className={styles.panelContent} role="group" aria-labelledby={id}>
        {children}
      </Scrollable>
    </section>
  )
}
