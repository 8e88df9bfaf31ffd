import { Button } from '@mantine/core'
import type { ChannelEvent } from '@parley/client'
import { Icon, Scrollable, Sentence } from '@parley/look'
import type { OutgoingEvent } from '@parley/react'
import { memo } from 'react'
import { Avatar, BackEndAvatar } from '../../presence/avatar.tsx'
import { contentOf } from './content.ts'
import styles from './message-row.module.css'

interface MessageRowProps {
  readonly message: ChannelEvent | OutgoingEvent
  /** User id of the author; undefined for a back end. */
  readonly by: string | undefined
  readonly name: string
  readonly isMine: boolean
  readonly begins: boolean
  readonly day: string | undefined
  readonly onRetry: (id: string) => void
  readonly onDiscard: (id: string) => void
}

/** One message: stored, on its way, or refused and waiting for its writer's decision. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, by, name, isMine, begins, day } = props
  const stored = 'offset' in message ? message : undefined
  const failed = 'error' in message ? message.error : undefined
  return (
    <>
      {day !== undefined && <DaySign day={day} />}
      <li
        className={styles.row}
        data-begins={begins}
        data-offset={stored?.offset}
        data-failed={failed !== undefined}
      >
        <div className={styles.gutter}>
          {begins && (by === undefined ? <BackEndAvatar /> : <Avatar id={by} name={name} />)}
          {!begins && stored && <Time at={stored.at} className={styles.aside} />}
        </div>
        <div className={styles.body}>
          {begins && (
            <div className={styles.head}>
              <bdi className={styles.name}>{name}</bdi>
              {stored && <Time at={stored.at} className={styles.time} />}
            </div>
          )}
          <Words message={message} />
          {failed && <Refused {...props} reason={failed.message} />}
        </div>
        {isMine && failed === undefined && (
          <Sending isStored={stored !== undefined || ('sent' in message && message.sent)} />
        )}
      </li>
    </>
  )
})

function Words({ message }: Pick<MessageRowProps, 'message'>) {
  const content = contentOf(message)
  if (content.kind === 'redacted') return <p className={styles.redacted}>This message was removed.</p>
  if (content.kind === 'text')
    return (
      <p className={styles.text} dir="auto">
        {content.text}
      </p>
    )
  return (
    <figure className={styles.data} dir="ltr">
      <figcaption className={styles.type}>{content.type}</figcaption>
      <Scrollable className={styles.scroll} role="group" aria-label={`Data of ${content.type}`}>
        <pre className={styles.json}>{content.json}</pre>
      </Scrollable>
    </figure>
  )
}

function Time({ at, className }: { readonly at: number; readonly className: string | undefined }) {
  const moment = new Date(at)
  return (
    <time className={className} dir="auto" dateTime={moment.toISOString()} title={moment.toLocaleString()}>
      {moment.toLocaleTimeString([], { timeStyle: 'short' })}
    </time>
  )
}

function Sending({ isStored }: { readonly isStored: boolean }) {
  return (
    <span className={styles.sending}>
      <Icon name={isStored ? 'check' : 'clock'} size={14} label={isStored ? 'Stored' : 'Sending'} />
    </span>
  )
}

function Refused({ message, reason, onRetry, onDiscard }: MessageRowProps & { readonly reason: string }) {
  return (
    <div className={styles.refused} role="alert">
      <span className={styles.reason}>
        <Icon name="failed" size={16} />
        <span>
          Not sent. <Sentence text={reason} />
        </span>
      </span>
      <span className={styles.choices}>
        <Button variant="default" size="compact-sm" onClick={() => onRetry(message.id)}>
          Try again
        </Button>
        <Button variant="subtle" color="danger" size="compact-sm" onClick={() => onDiscard(message.id)}>
          Discard
        </Button>
      </span>
    </div>
  )
}

function DaySign({ day }: { readonly day: string }) {
  return (
    <li className={styles.day}>
      <span>{day}</span>
    </li>
  )
}
