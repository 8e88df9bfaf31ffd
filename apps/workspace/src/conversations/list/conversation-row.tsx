import { UnstyledButton } from '@mantine/core'
import { Icon } from '@parley/look'
import type { Availability } from '@parley/react'
import { type MouseEvent, memo } from 'react'
import { hrefOf } from '../../address/place.ts'
import { Avatar, wordsOf } from '../../presence/avatar.tsx'
import styles from './conversation-row.module.css'
import { type Entry, hasNews, isMuted } from './sections.ts'

interface ConversationRowProps {
  readonly entry: Entry
  readonly isOpen: boolean
  /** Of the other person of a direct conversation. */
  readonly availability: Availability | undefined
  readonly onMenu: (asked: { readonly entry: Entry; readonly x: number; readonly y: number }) => void
}

/** One conversation of the list. */
export const ConversationRow = memo(function ConversationRow(props: ConversationRowProps) {
  const { entry, isOpen, availability, onMenu } = props
  const { conversation, title } = entry
  const ask = (event: MouseEvent<HTMLElement>) => {
    event.preventDefault()
    // By keyboard there is no pointer: beside the row then.
    const box = event.currentTarget.getBoundingClientRect()
    const isPointer = event.type === 'contextmenu' && event.clientX + event.clientY > 0
    onMenu({
      entry,
      x: isPointer ? event.clientX : box.left + 16,
      y: isPointer ? event.clientY : box.bottom,
    })
  }
  return (
    <div className={styles.row} data-open={isOpen} data-news={hasNews(entry)} data-muted={isMuted(entry)}>
      <a
        className={styles.link}
        href={hrefOf({ page: 'conversation', channel: conversation.channel })}
        aria-current={isOpen ? 'page' : undefined}
        onContextMenu={ask}
        data-row
      >
        <Portrait entry={entry} availability={availability} />
        <bdi className={styles.title}>{title}</bdi>
        {availability !== undefined && <span className={styles.hidden}>, {wordsOf(availability)}</span>}
        <Marks entry={entry} />
      </a>
      <UnstyledButton className={styles.menu} aria-label={`More about ${title}`} onClick={ask} tabIndex={-1}>
        <Icon name="more" size={16} />
      </UnstyledButton>
    </div>
  )
})

function Portrait({ entry, availability }: Pick<ConversationRowProps, 'entry' | 'availability'>) {
  const { conversation, partner, title } = entry
  if (partner !== undefined) return <Avatar id={partner} name={title} size={24} presence={availability} />
  const isOwn = conversation.type === 'direct' && (conversation.with?.length ?? 0) < 2
  const isClosed = conversation.type === 'room' && conversation.visibility === 'private'
  const icon = conversation.type === 'room' ? (isClosed ? 'lock' : 'room') : isOwn ? 'draft' : 'group'
  return (
    <span className={styles.icon}>
      <Icon name={icon} size={16} />
    </span>
  )
}

/** What waits: mentions stand out, muted conversations stay quiet. */
function Marks({ entry }: Pick<ConversationRowProps, 'entry'>) {
  const { unread, mentions, hasDraft } = entry
  return (
    <>
      {hasDraft && <Mark icon="draft" label="Draft" />}
      {isMuted(entry) && <Mark icon="bellOff" label="Muted" />}
      {mentions > 0 && (
        <span className={styles.mentions} role="img" aria-label={countOf(mentions, 'mention')}>
          @{short(mentions)}
        </span>
      )}
      {unread > 0 && (
        <span className={styles.unread} role="img" aria-label={`${unread} unread`}>
          {short(unread)}
        </span>
      )}
    </>
  )
}

function Mark({ icon, label }: { readonly icon: 'draft' | 'bellOff'; readonly label: string }) {
  return (
    <span className={styles.mark}>
      <Icon name={icon} size={14} label={label} />
    </span>
  )
}

const most = 99

function short(count: number): string {
  return count > most ? `${most}+` : String(count)
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
