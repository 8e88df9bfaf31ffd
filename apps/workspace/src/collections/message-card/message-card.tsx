import { Icon, Moment } from '@parley/look'
import { Markdown, type Message, useConversation } from '@parley/react'
import type { ReactNode } from 'react'
import { hrefOf } from '../../address/place.ts'
import { titleOf } from '../../conversations/list/title.ts'
import { Avatar } from '../../presence/avatar.tsx'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import styles from './message-card.module.css'
import { markedParts, plainOf } from './plain.ts'

interface MessageCardProps {
  readonly message: Message
  /** Words that were found in it; then it is shown as a paragraph with these marked. */
  readonly found?: readonly string[]
  /** Beside its conversation: which one it is need not be said. */
  readonly isCompact?: boolean
  /** What is said under the message. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
}

/** A message outside of its conversation, with the way there. */
export function MessageCard({ message, found, isCompact = false, note, actions }: MessageCardProps) {
  const nameOf = useNames()
  const { channel, seq, author, at, thread } = message
  const name = nameOf(author)
  const place = {
    page: 'conversation',
    channel,
    message: seq,
    ...(thread === undefined ? {} : { thread }),
  } as const
  return (
    <article className={styles.card} data-compact={isCompact}>
      <Avatar id={author} name={name} size={isCompact ? 24 : 32} />
      <div className={styles.body}>
        <div className={styles.head}>
          <bdi className={styles.name}>{name}</bdi>
          {!isCompact && <Where channel={channel} isThread={thread !== undefined} />}
          <Moment at={at} className={styles.time} />
        </div>
        <Words message={message} found={found} />
        {note && <p className={styles.note}>{note}</p>}
        <div className={styles.actions}>
          <a className={styles.jump} href={hrefOf(place)} data-row>
            {isCompact ? 'Show' : 'Go to message'}
            <span className={styles.hidden}> of {name}</span>
          </a>
          {actions}
        </div>
      </div>
    </article>
  )
}

function Where({ channel, isThread }: { readonly channel: string; readonly isThread: boolean }) {
  const { me } = useDesk()
  const nameOf = useNames()
  const { conversation } = useConversation(channel)
  if (conversation === undefined) return null
  return (
    <span className={styles.where}>
      in <bdi>{titleOf(conversation, { me, nameOf })}</bdi>
      {isThread && ', in a thread'}
    </span>
  )
}

function Words({
  message,
  found,
}: Pick<MessageCardProps, 'message'> & { readonly found: readonly string[] | undefined }) {
  const { me } = useDesk()
  const { text, deleted, attachments = [], mentions } = message
  if (deleted !== undefined) return <p className={styles.gone}>This message was deleted.</p>
  return (
    <div className={`parley-text ${styles.text}`} dir="auto">
      {found === undefined ? (
        <Markdown text={text} mentions={mentions} {...(me === undefined ? {} : { me })} />
      ) : (
        <p>
          {markedParts(plainOf(text), found).map(({ text: part, isMarked }, index) =>
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity.
            isMarked ? <mark key={index}>{part}</mark> : part,
          )}
        </p>
      )}
      {attachments.map(({ file, name }) => (
        <p key={file} className={styles.file}>
          <Icon name="archive" size={14} label="File" /> <bdi>{name}</bdi>
        </p>
      ))}
    </div>
  )
}
