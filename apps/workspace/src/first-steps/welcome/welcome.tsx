import { Button } from '@mantine/core'
import { Empty, Icon, Mark, Skeleton } from '@parley/look'
import { useConversations, useUnread } from '@parley/react'
import { useId } from 'react'
import { hrefOf } from '../../address/place.ts'
import { type Entry, hasNews } from '../../conversations/list/sections.ts'
import { useEntries } from '../../conversations/list/use-entries.ts'
import { Avatar } from '../../presence/avatar.tsx'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import { SampleButtons } from '../tour/sample-buttons.tsx'
import { startTour } from '../tour/tour-progress.ts'
import { useFirstRoom } from './use-first-room.ts'
import styles from './welcome.module.css'

/** Where one is before a conversation is chosen: what waits, or how to begin. */
export function Welcome() {
  const { conversations, status } = useConversations()
  const entries = useEntries()
  useFirstRoom()
  if (conversations.length === 0 && status === 'ready') return <Beginning />
  if (conversations.length === 0) return <Skeleton label="Reading what waits" shape="messages" />
  return <Waiting entries={entries.filter(hasNews)} />
}

function Beginning() {
  const { name, dialogs, device } = useDesk()
  const title = useId()
  return (
    <section className={styles.page} aria-labelledby={title}>
      <div className={styles.card}>
        <span className={styles.mark}>
          <Mark size={44} />
        </span>
        <h2 id={title} className={styles.title}>
          Good to see you, <bdi>{name}</bdi>
        </h2>
        <p className={styles.text}>You are in no conversation yet. Join a room, or begin one.</p>
        <div className={styles.choices}>
          <Button component="a" href="#rooms" leftSection={<Icon name="room" size={18} />}>
            Browse rooms
          </Button>
          <Button
            variant="default"
            leftSection={<Icon name="plus" size={18} />}
            onClick={() => dialogs.show({ kind: 'new-conversation' })}
          >
            New conversation
          </Button>
          <SampleButtons />
          <Button variant="subtle" onClick={() => startTour(device)}>
            Take the tour
          </Button>
        </div>
      </div>
    </section>
  )
}

function Waiting({ entries }: { readonly entries: readonly Entry[] }) {
  const { markAllRead } = useUnread()
  const { announcements } = useDesk()
  if (entries.length === 0)
    return <Empty text="Nothing waits for you. Choose a conversation, or press Ctrl K to go anywhere." />
  const readAll = () =>
    void announcements.about(markAllRead(), { failed: 'Not everything was marked as read.' })
  return (
    <Page
      title="What waits for you"
      action={
        <Button variant="default" onClick={readAll}>
          Mark all as read
        </Button>
      }
    >
      <ul className={styles.list}>
        {entries.map((entry) => (
          <li key={entry.conversation.channel}>
            <WaitingRow entry={entry} />
          </li>
        ))}
      </ul>
    </Page>
  )
}

function WaitingRow({
  entry: { conversation, title, partner, unread, mentions },
}: {
  readonly entry: Entry
}) {
  const { channel, topic, type, visibility } = conversation
  const icon = type !== 'room' ? 'group' : visibility === 'public' ? 'room' : 'lock'
  return (
    <a className={styles.entry} href={hrefOf({ page: 'conversation', channel })}>
      <span className={styles.icon}>
        {partner === undefined ? (
          <Icon name={icon} size={18} />
        ) : (
          <Avatar id={partner} name={title} size={24} />
        )}
      </span>
      <span className={styles.words}>
        <bdi className={styles.name}>{title}</bdi>
        {topic !== '' && <span className={styles.topic}>{topic}</span>}
      </span>
      {mentions > 0 && (
        <span
          className={styles.mentions}
          role="img"
          aria-label={mentions === 1 ? '1 mention' : `${mentions} mentions`}
        >
          @{mentions}
        </span>
      )}
      {unread > 0 && <span className={styles.unread}>{unread === 1 ? '1 new' : `${unread} new`}</span>}
    </a>
  )
}
