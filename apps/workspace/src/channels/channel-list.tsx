import { ActionIcon, Button, TextInput } from '@mantine/core'
import { Empty, Failure, Icon, Skeleton } from '@parley/look'
import { useDeferredValue, useState, useSyncExternalStore } from 'react'
import { hrefOf, partsOf } from '../address/place.ts'
import { useChannelDesk } from './channel-desk.ts'
import styles from './channel-list.module.css'
import { type Kinds, keepingWords } from './kinds.ts'

interface ChannelListProps {
  readonly kinds: Kinds
  readonly open: string | undefined
  readonly onOpen: (channel: string) => void
  readonly onNew: () => void
}

const manyChannels = 8

/** The channels that a person keeps, by kind, with what is new in them. */
export function ChannelList({ kinds, open, onOpen, onNew }: ChannelListProps) {
  const { book } = useChannelDesk()
  const channels = useSyncExternalStore(book.watch, book.list)
  const [wanted, setWanted] = useState('')
  const found = useDeferredValue(wanted).trim().toLowerCase()
  const shown = channels.filter((channel) => channel.toLowerCase().includes(found))
  return (
    <nav className={styles.channels} data-part="channels" aria-label="Channels">
      <div className={styles.header}>
        <h2 className={styles.title}>Channels</h2>
        <ActionIcon
          variant="subtle"
          color="quiet"
          size={36}
          aria-label="New channel"
          onClick={onNew}
          disabled={kinds.kinds === undefined}
        >
          <Icon name="plus" />
        </ActionIcon>
      </div>
      {channels.length > manyChannels && (
        <TextInput
          className={styles.search}
          aria-label="Find a channel"
          placeholder="Find a channel"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          leftSection={<Icon name="search" size={16} />}
        />
      )}
      <div className={styles.content}>
        <Groups {...{ kinds, open, onOpen, onNew, shown }} />
        {channels.length > 0 && shown.length === 0 && (
          <Empty text={`No channel here is called “${found}”.`} />
        )}
      </div>
    </nav>
  )
}

function Groups({
  kinds,
  open,
  onOpen,
  onNew,
  shown,
}: ChannelListProps & { readonly shown: readonly string[] }) {
  const { book, unread } = useChannelDesk()
  const counts = useSyncExternalStore(unread.watch, unread.counts)
  if (kinds.error)
    return (
      <Failure
        title="The kinds of channels are unknown"
        message={kinds.error.message}
        onRetry={kinds.retry}
      />
    )
  if (kinds.kinds === undefined && book.list().length === 0)
    return <Skeleton label="Reading the channels" shape="lines" />
  if (book.list().length === 0)
    return (
      <Empty text="No channels are in your list yet.">
        <Button variant="default" onClick={onNew}>
          Make one
        </Button>
      </Empty>
    )
  return byKind(shown).map(([kind, channels]) => {
    const durability = kinds.kinds?.find(({ name }) => name === kind)?.durability
    return (
      <section key={kind} className={styles.group} aria-label={`Channels of kind ${kind}`}>
        <h3 className={styles.kind}>
          {kind}
          {durability && <span className={styles.keeping}>{keepingWords[durability]}</span>}
        </h3>
        <ul>
          {channels.map((channel) => (
            <li key={channel}>
              <Row
                channel={channel}
                icon={durability}
                isOpen={channel === open}
                unread={counts.get(channel) ?? 0}
                onOpen={onOpen}
              />
            </li>
          ))}
        </ul>
      </section>
    )
  })
}

interface RowProps {
  readonly channel: string
  readonly icon: 'durable' | 'recent' | 'ephemeral' | undefined
  readonly isOpen: boolean
  readonly unread: number
  readonly onOpen: (channel: string) => void
}

const mostShown = 99

function Row({ channel, icon, isOpen, unread, onOpen }: RowProps) {
  const hasNews = unread > 0 && !isOpen
  return (
    <a
      className={styles.row}
      href={hrefOf({ page: 'channels', channel })}
      onClick={() => onOpen(channel)}
      aria-current={isOpen ? 'page' : undefined}
      data-news={hasNews}
    >
      <Icon name={icon ?? 'messages'} size={16} />
      <bdi className={styles.id}>{partsOf(channel).id}</bdi>
      {hasNews && (
        <span className={styles.unread} aria-label={`${unread} new`} role="img">
          {unread > mostShown ? `${mostShown}+` : unread}
        </span>
      )}
    </a>
  )
}

function byKind(channels: readonly string[]): [kind: string, channels: string[]][] {
  const groups = new Map<string, string[]>()
  for (const channel of [...channels].sort((a, b) => a.localeCompare(b))) {
    const { kind } = partsOf(channel)
    groups.set(kind, [...(groups.get(kind) ?? []), channel])
  }
  return [...groups]
}
