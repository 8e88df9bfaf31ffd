import { Button } from '@mantine/core'
import { Choice, Icon } from '@parley/look'
import { useState } from 'react'
import type { Entry } from '../../conversations/list/sections.ts'
import { type Notify, useConversationActions } from '../../conversations/list/use-conversation-actions.ts'
import { Avatar } from '../../presence/avatar.tsx'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import { SidePanel } from '../../shell/page/side-panel.tsx'
import styles from './details-panel.module.css'
import { ExportButton } from './export-button.tsx'
import { JoinLinks } from './join-links.tsx'

interface DetailsPanelProps {
  readonly entry: Entry
  readonly onClose: () => void
}

const notifications = [
  { value: 'all', label: 'All' },
  { value: 'mentions', label: 'Mentions' },
  { value: 'none', label: 'None' },
] as const satisfies readonly { value: Notify; label: string }[]

/** What the conversation is, how it counts for the reader, and what those may change who manage it. */
export function DetailsPanel({ entry, onClose }: DetailsPanelProps) {
  const actions = useConversationActions()
  const { conversation } = entry
  const { mine, type } = conversation
  const isManager = mine !== undefined && mine.role !== 'member'
  return (
    <SidePanel title="Details" onClose={onClose}>
      <About entry={entry} />
      {mine && (
        <section className={styles.section}>
          <NotifyChoice entry={entry} notify={mine.notify} />
          <Button
            variant="default"
            leftSection={<Icon name="star" size={16} filled={mine.starred} />}
            onClick={() => actions.star(entry, !mine.starred)}
          >
            {mine.starred ? 'Remove the star' : 'Star'}
          </Button>
        </section>
      )}
      <Ways entry={entry} />
      {isManager && <Manage entry={entry} />}
      {isManager && type !== 'direct' && <JoinLinks conversation={conversation} />}
      {mine && (
        <section className={styles.section}>
          <Button
            variant="default"
            color="danger"
            leftSection={<Icon name="leave" size={16} />}
            onClick={() => actions.leave(entry)}
          >
            Leave
          </Button>
        </section>
      )}
    </SidePanel>
  )
}

/** The choice is seen at once; what the server refuses is taken back. */
function NotifyChoice({ entry, notify }: { readonly entry: Entry; readonly notify: Notify }) {
  const { setNotify } = useConversationActions()
  const [chosen, setChosen] = useState<Notify>()
  const choose = async (next: Notify) => {
    setChosen(next)
    await setNotify(entry, next)
    setChosen(undefined)
  }
  return (
    <Choice
      label="Tell me about"
      options={notifications}
      value={chosen ?? notify}
      onChange={(next) => void choose(next)}
    />
  )
}

function About({ entry: { conversation, title, partner } }: Pick<DetailsPanelProps, 'entry'>) {
  const nameOf = useNames()
  const { topic, type, visibility, createdBy, createdAt, slowSeconds, locked, archived, receipts } =
    conversation
  const kind =
    type === 'room'
      ? `${visibility === 'public' ? 'Public' : 'Private'} room`
      : type === 'group'
        ? 'Group'
        : 'Direct conversation'
  // What the server has made has no author.
  const begun = createdBy === '' ? 'begun on' : `begun by ${nameOf(createdBy)} on`
  const facts = [
    `${kind}, ${begun} ${new Date(createdAt).toLocaleDateString([], { dateStyle: 'long' })}.`,
    archived ? 'Archived: it can be read, and nobody writes.' : '',
    locked ? 'Locked: only admins and owners write.' : '',
    slowSeconds > 0 ? `Slow: one message in ${slowSeconds} s for each member.` : '',
    receipts ? '' : 'Nobody sees who has read.',
  ]
  return (
    <section className={styles.section}>
      <h3 className={styles.title}>
        {partner !== undefined && <Avatar id={partner} name={title} size={40} />}
        <bdi>{title}</bdi>
      </h3>
      {topic !== '' && <p>{topic}</p>}
      <ul className={styles.facts}>
        {facts
          .filter((fact) => fact !== '')
          .map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
      </ul>
      <p>
        <code className={styles.id}>{conversation.channel}</code>
      </p>
    </section>
  )
}

/** The other panels; the header of a telephone has no room for them. */
function Ways({ entry: { conversation } }: Pick<DetailsPanelProps, 'entry'>) {
  const { channel, members, type } = conversation
  return (
    <nav className={styles.ways} aria-label="More about this conversation">
      {type !== 'direct' && (
        <a className={styles.way} href={`#${encodeURI(channel)}/members`}>
          <Icon name="people" size={18} /> Members
          <span className={styles.count}>{members}</span>
        </a>
      )}
      <a className={styles.way} href={`#${encodeURI(channel)}/pins`}>
        <Icon name="pin" size={18} /> Pinned messages
      </a>
      <a className={styles.way} href={`#search?channel=${encodeURIComponent(channel)}`}>
        <Icon name="search" size={18} /> Search here
      </a>
    </nav>
  )
}

function Manage({ entry: { conversation, title } }: Pick<DetailsPanelProps, 'entry'>) {
  const { client, dialogs, announcements } = useDesk()
  const { channel, archived } = conversation
  const archive = () => {
    if (archived)
      return void announcements.about(client.chat.archive({ channel, archived: false }), {
        done: `“${title}” is open again.`,
        failed: `“${title}” is still archived.`,
      })
    dialogs.ask({
      title: `Archive “${title}”?`,
      text: 'It leaves the lists of its members. It can still be read, and you can open it again.',
      action: 'Archive',
      failed: `“${title}” was not archived.`,
      run: () => client.chat.archive({ channel }),
    })
  }
  return (
    <section className={styles.section}>
      <h3 className={styles.caption}>Manage</h3>
      <Button
        variant="default"
        leftSection={<Icon name="settings" size={16} />}
        onClick={() => dialogs.show({ kind: 'settings', conversation })}
      >
        Settings
      </Button>
      <ExportButton conversation={conversation} title={title} />
      <Button variant="default" leftSection={<Icon name="archive" size={16} />} onClick={archive}>
        {archived ? 'Open again' : 'Archive'}
      </Button>
    </section>
  )
}
