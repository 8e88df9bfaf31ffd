import { Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useAnswer } from '../data/use-answer.ts'
import { useParameters } from '../data/use-parameters.ts'
import { countWords, spanWords } from '../data/words.ts'
import { Page } from '../page/page.tsx'
import { Ago } from '../table/ago.tsx'
import { Copyable } from '../table/copyable.tsx'
import { Listing } from '../table/listing.tsx'
import { SearchField } from '../table/search-field.tsx'
import styles from '../table/table.module.css'
import { type Column, Table } from '../table/table.tsx'

type Closed = OutputOfCommand<BuiltIn, 'operations.closedConnections'>['connections'][number]

const columns: readonly Column<Closed>[] = [
  { label: 'When', cell: ({ at }) => <Ago at={at} /> },
  {
    label: 'User',
    cell: ({ user, session }) => user ?? (session === undefined ? 'not signed in' : 'back end'),
  },
  { label: 'Why', cell: ({ reason }) => reason.replaceAll('_', ' ') },
  { label: 'By', cell: ({ by }) => by },
  { label: 'Code', cell: ({ code }) => code, isNumber: true },
  { label: 'Lasted', cell: ({ at, since }) => spanWords(at - since), isNumber: true },
  { label: 'Address', cell: ({ ip }) => <code>{ip}</code>, isWide: true },
  {
    label: 'Session',
    cell: ({ session }) =>
      session === undefined ? '–' : <Copyable text={session} what="session id" length={8} />,
    isWide: true,
  },
]

const mostShown = 200

/** The last connections that were closed, and why. */
export function ClosedPage() {
  const [{ text }, change] = useParameters()
  const answer = useAnswer(
    'operations.closedConnections',
    { limit: mostShown, ...(text === undefined ? {} : { text }) },
    { everyMs: 5_000 },
  )
  const { connections = [] } = answer.data ?? {}
  return (
    <Page
      title="Closed connections"
      lead="The last thousand that this node has seen end, newest first, and who ended them."
      filters={
        <SearchField
          label="User, session, address or reason"
          value={text}
          onChange={(value) => change({ text: value })}
        />
      }
    >
      <Listing
        label="Closed connections"
        answer={answer}
        isEmpty={connections.length === 0}
        empty={
          text === undefined
            ? { text: 'No connection has ended since this node was started.' }
            : {
                text: 'None of the last thousand is like that.',
                action: (
                  <Button variant="default" onClick={() => change({ text: undefined })}>
                    Show all
                  </Button>
                ),
              }
        }
      >
        <Table
          label="Closed connections"
          rows={connections}
          columns={columns}
          keyOf={({ at, session, since, ip }) => `${at}-${since}-${session}-${ip}`}
        />
        <p className={styles.pager}>
          <span className={styles.words}>
            {countWords(connections.length)} shown
            {connections.length === mostShown ? ': the newest. Search to see older ones.' : ''}
          </span>
        </p>
      </Listing>
    </Page>
  )
}
