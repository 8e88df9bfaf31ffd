import { ActionIcon, Textarea } from '@mantine/core'
import { Icon } from '@parley/look'
import { type KeyboardEvent, useRef } from 'react'
import styles from './composer.module.css'
import { sizeOf } from './content.ts'

interface ComposerProps {
  readonly channel: string
  readonly draft: string
  readonly onDraft: (draft: string) => void
  readonly onSend: (text: string) => void
  readonly maxBytes: number
  /** What is written now waits for the connection. */
  readonly isWaiting: boolean
}

/** Writes a message: Enter sends, Shift + Enter begins a new line. */
export function Composer({ channel, draft, onDraft, onSend, maxBytes, isWaiting }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const text = draft.trim()
  const excess = sizeOf(text) - maxBytes
  const canSend = text !== '' && excess <= 0

  const send = () => {
    if (!canSend) return
    onSend(text)
    onDraft('')
    field.current?.focus()
  }
  const pressed = (event: KeyboardEvent) => {
    // While letters are being composed (Japanese, Chinese, Korean), Enter chooses among them.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }

  return (
    <div className={styles.foot}>
      <div className={styles.composer}>
        <div className={styles.box} data-excess={excess > 0}>
          <Textarea
            ref={field}
            className={styles.field}
            variant="unstyled"
            aria-label={`Message to ${channel}`}
            placeholder="Write a message"
            value={draft}
            onChange={(event) => onDraft(event.currentTarget.value)}
            onKeyDown={pressed}
            autosize
            minRows={1}
            maxRows={8}
            dir="auto"
            enterKeyHint="send"
          />
          <ActionIcon variant="filled" size={32} aria-label="Send" disabled={!canSend} onClick={send}>
            <Icon name="send" size={18} />
          </ActionIcon>
        </div>
        <p className={styles.hint} data-excess={excess > 0} aria-live="polite">
          {hint(excess, isWaiting)}
        </p>
      </div>
    </div>
  )
}

function hint(excess: number, isWaiting: boolean): string {
  if (excess > 0)
    return `${excess.toLocaleString()} bytes too long for this kind of channel. Split the message.`
  if (isWaiting) return 'Sent when the connection is back.'
  return 'Enter sends, Shift + Enter begins a new line.'
}
