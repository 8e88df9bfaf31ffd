import { ActionIcon } from '@mantine/core'
import { Icon } from '@parley/look'
import { useEffect, useState } from 'react'
import styles from './table.module.css'

interface CopyableProps {
  readonly text: string
  /** What it is: "session id". */
  readonly what: string
  /** Shows so many characters of it; all of it on hover. */
  readonly length?: number
}

/** An id, with a button that copies it whole. */
export function Copyable({ text, what, length }: CopyableProps) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [isCopied])
  const shown = length !== undefined && text.length > length ? `${text.slice(0, length)}…` : text
  const copy = () =>
    void navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      // Refused by the browser: the text can still be selected by hand.
      () => undefined,
    )
  return (
    <span className={styles.copyable}>
      <code title={text}>{shown}</code>
      {navigator.clipboard && (
        <ActionIcon
          variant="subtle"
          color="quiet"
          size={22}
          aria-label={isCopied ? `Copied the ${what}` : `Copy the ${what}`}
          onClick={copy}
        >
          <Icon name={isCopied ? 'check' : 'copy'} size={14} />
        </ActionIcon>
      )}
    </span>
  )
}
