import { ActionIcon, Button, TextInput } from '@mantine/core'
import { Empty, Failure, Icon, Skeleton } from '@parley/look'
import { useConversations, usePresence } from '@parley/react'
import { type KeyboardEvent, lazy, Suspense, useDeferredValue, useMemo, useRef, useState } from 'react'
import { goTo } from '../../address/use-place.ts'
import { useDesk } from '../../shell/desk.ts'
import { InvitationsLink } from '../invitations/invitations-link.tsx'
import styles from './conversation-list.module.css'
import { ConversationRow } from './conversation-row.tsx'
import { type Entry, sectionsOf } from './sections.ts'
import { useEntries } from './use-entries.ts'

const ConversationMenu = lazy(async () => ({
  default: (await import('./conversation-menu.tsx')).ConversationMenu,
}))

/** Where a context menu was asked for. */
interface Asked {
  readonly entry: Entry
  readonly x: number
  readonly y: number
}

/** The conversations of the reader: what is new, who is there, what is not finished. */
export function ConversationList({ open }: { readonly open: string | undefined }) {
  const { dialogs } = useDesk()
  const entries = useEntries()
  const [typed, setTyped] = useState('')
  const wanted = useDeferredValue(typed)
  const sections = useMemo(() => sectionsOf(entries, wanted), [entries, wanted])
  const [asked, setAsked] = useState<Asked>()
  const list = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const startNew = () => dialogs.show({ kind: 'new-conversation' })

  const inField = (event: KeyboardEvent) => {
    const first = sections[0]?.entries[0]
    if (event.key === 'ArrowDown') focusRow(list.current, 0)
    else if (event.key === 'Enter' && first !== undefined && typed !== '')
      goTo({ page: 'conversation', channel: first.conversation.channel })
    else if (event.key === 'Escape' && typed !== '') setTyped('')
    else return
    event.preventDefault()
  }

  return (
    <nav className={styles.list} aria-label="Conversations" data-region="list" data-tour="list">
      <div className={styles.header}>
        <h2 className={styles.title}>Conversations</h2>
        <ActionIcon
          variant="subtle"
          color="quiet"
          size={36}
          aria-label="New conversation"
          onClick={startNew}
          data-tour="new"
        >
          <Icon name="plus" />
        </ActionIcon>
      </div>
      <TextInput
        ref={field}
        className={styles.filter}
        aria-label="Filter conversations"
        placeholder="Filter"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={inField}
        leftSection={<Icon name="search" size={16} />}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys go from link to link. */}
      <div
        ref={list}
        className={styles.content}
        onKeyDown={(event) => moveFocus(event, list.current, field.current)}
      >
        <InvitationsLink />
        <Content {...{ sections, wanted, open }} count={entries.length} onMenu={setAsked} onNew={startNew} />
      </div>
      <div className={styles.foot}>
        <a className={styles.more} href="#rooms">
          <Icon name="room" size={16} />
          Browse rooms
        </a>
      </div>
      {asked && (
        <Suspense>
          <ConversationMenu entry={asked.entry} at={asked} onClose={() => setAsked(undefined)} />
        </Suspense>
      )}
    </nav>
  )
}

interface ContentProps {
  readonly sections: ReturnType<typeof sectionsOf>
  readonly wanted: string
  readonly open: string | undefined
  /** Conversations in the list, whatever the filter leaves of them. */
  readonly count: number
  readonly onMenu: (asked: Asked) => void
  readonly onNew: () => void
}

function Content({ sections, wanted, open, count, onMenu, onNew }: ContentProps) {
  const { status, error, hasMore, loadMore, reload } = useConversations()
  const partners = useMemo(
    () =>
      sections
        .flatMap(({ entries }) => entries.flatMap(({ partner }) => partner ?? []))
        .slice(0, mostWatched),
    [sections],
  )
  const presence = usePresence(partners)
  if (count === 0 && status === 'failed')
    return <Failure title="Conversations could not be read" message={error?.message ?? ''} onRetry={reload} />
  if (count === 0 && status !== 'ready') return <Skeleton label="Reading the conversations" shape="lines" />
  if (count === 0)
    return (
      <Empty text="You are in no conversation yet.">
        <Button variant="default" onClick={onNew}>
          Start one
        </Button>
      </Empty>
    )
  if (sections.length === 0) return <Empty text={`No conversation here is called “${wanted.trim()}”.`} />
  return (
    <>
      {sections.map(({ name, entries }) => (
        // biome-ignore lint/a11y/useSemanticElements: a part of a list is no set of fields.
        <div key={name} className={styles.section} role="group" aria-label={name}>
          <h3 className={styles.name}>{name}</h3>
          <ul>
            {entries.map((entry) => (
              <li key={entry.conversation.channel}>
                <ConversationRow
                  entry={entry}
                  isOpen={entry.conversation.channel === open}
                  availability={
                    entry.partner === undefined ? undefined : presence.of(entry.partner).availability
                  }
                  onMenu={onMenu}
                />
              </li>
            ))}
          </ul>
        </div>
      ))}
      {hasMore && wanted === '' && (
        <Button
          className={styles.further}
          variant="subtle"
          color="quiet"
          size="compact-md"
          onClick={() => void loadMore()}
        >
          Older conversations
        </Button>
      )}
    </>
  )
}

/** People of direct conversations whose presence is followed. */
const mostWatched = 200

const rowsIn = (list: HTMLElement | null): HTMLElement[] => [
  ...(list?.querySelectorAll<HTMLElement>('a[data-row]') ?? []),
]

function focusRow(list: HTMLElement | null, index: number): void {
  rowsIn(list).at(index)?.focus()
}

/** Up and down go from row to row; above the first one is the filter. */
function moveFocus(event: KeyboardEvent, list: HTMLElement | null, field: HTMLElement | null): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return
  const rows = rowsIn(list)
  const at = rows.indexOf(document.activeElement as HTMLElement)
  if (at < 0) return
  if (event.key === 'ArrowUp' && at === 0) field?.focus()
  else if (event.key === 'ArrowUp') rows[at - 1]?.focus()
  else if (event.key === 'ArrowDown') rows[at + 1]?.focus()
  else if (event.key === 'Home') rows[0]?.focus()
  else if (event.key === 'End') rows.at(-1)?.focus()
  else return
  event.preventDefault()
}
