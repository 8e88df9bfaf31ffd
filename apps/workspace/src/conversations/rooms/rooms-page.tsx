import { Button, TextInput } from '@mantine/core'
import { Choice, Empty, Icon, PagedList, usePages } from '@parley/look'
import { type ConversationInfo, useConversations } from '@parley/react'
import { useDeferredValue, useMemo, useState } from 'react'
import { hrefOf } from '../../address/place.ts'
import { goTo } from '../../address/use-place.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import { Page } from '../../shell/page/page.tsx'
import { titleOf } from '../list/title.ts'
import styles from './rooms-page.module.css'

const shelves = [
  { value: 'public', label: 'Public rooms' },
  { value: 'archived', label: 'My archive' },
] as const

type Shelf = (typeof shelves)[number]['value']

/** Rooms that everybody may join, and conversations that the reader was in before they were archived. */
export function RoomsPage() {
  const { client, dialogs } = useDesk()
  const [shelf, setShelf] = useState<Shelf>('public')
  const [typed, setTyped] = useState('')
  const title = useDeferredValue(typed).trim()
  const pages = usePages<ConversationInfo>(`${shelf} ${title}`, async (after) => {
    const page = after === undefined ? {} : { after }
    const { conversations, next } =
      shelf === 'archived'
        ? await client.chat.list({ archived: true, ...page })
        : await client.chat.browse({ ...page, ...(title === '' ? {} : { title }) })
    return { items: conversations, next }
  })
  const startNew = () => dialogs.show({ kind: 'new-conversation', type: 'room' })
  return (
    <Page
      title="Rooms"
      back={{ page: 'home' }}
      action={
        <Button leftSection={<Icon name="plus" size={16} />} onClick={startNew}>
          New room
        </Button>
      }
      filters={
        <>
          <Choice label="Which" options={shelves} value={shelf} onChange={setShelf} isLabelHidden />
          {shelf === 'public' && (
            <TextInput
              className={styles.filter}
              aria-label="Find a room"
              placeholder="Find a room"
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              leftSection={<Icon name="search" size={16} />}
            />
          )}
        </>
      }
    >
      <PagedList
        pages={pages}
        label={shelf === 'public' ? 'Public rooms' : 'Archived conversations'}
        shape="rows"
        keyOf={({ channel }) => channel}
        empty={<Empty text={emptyText(shelf, title)} />}
      >
        {(room) => <RoomRow room={room} />}
      </PagedList>
    </Page>
  )
}

function emptyText(shelf: Shelf, title: string): string {
  if (shelf === 'archived') return 'None of your conversations is archived.'
  return title === ''
    ? 'There are no public rooms yet. Make the first one.'
    : `No public room is called “${title}”.`
}

function RoomRow({ room }: { readonly room: ConversationInfo }) {
  const { client, announcements, me } = useDesk()
  const nameOf = useNames()
  const { conversations } = useConversations()
  const { channel, topic, members } = room
  const title = titleOf(room, { me, nameOf })
  const isMember = useMemo(
    () => room.mine !== undefined || conversations.some((other) => other.channel === channel),
    [conversations, room, channel],
  )
  const join = async () => {
    const isDone = await announcements.about(client.chat.join({ channel }), {
      failed: `You did not join “${title}”.`,
    })
    if (isDone) goTo({ page: 'conversation', channel })
  }
  return (
    <div className={styles.room}>
      <span className={styles.icon}>
        <Icon name={room.archived ? 'archive' : room.type === 'room' ? 'room' : 'group'} />
      </span>
      <div className={styles.words}>
        <a className={styles.title} href={hrefOf({ page: 'conversation', channel })}>
          <bdi>{title}</bdi>
        </a>
        <p className={styles.facts}>
          {members === 1 ? '1 member' : `${members.toLocaleString()} members`}
          {topic !== '' && ` · ${topic}`}
        </p>
      </div>
      {isMember ? (
        <span className={styles.joined}>
          <Icon name="check" size={16} /> Joined
        </span>
      ) : (
        <Button variant="default" aria-label={`Join ${title}`} onClick={join}>
          Join
        </Button>
      )}
    </div>
  )
}
