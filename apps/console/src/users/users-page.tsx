import { Button } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useAnswer } from '../data/use-answer.ts'
import { usePaging } from '../data/use-paging.ts'
import { useParameters } from '../data/use-parameters.ts'
import { amountWords, countWords } from '../data/words.ts'
import { Page } from '../page/page.tsx'
import { Ago } from '../table/ago.tsx'
import { Listing } from '../table/listing.tsx'
import { Pager } from '../table/pager.tsx'
import { SearchField } from '../table/search-field.tsx'
import { type Column, Table } from '../table/table.tsx'
import { UserPanel } from './user-panel.tsx'

type User = OutputOfCommand<BuiltIn, 'operations.users'>['users'][number]

const columns: readonly Column<User>[] = [
  { label: 'User', cell: ({ user }) => user },
  { label: 'App', cell: ({ app }) => app, isWide: true },
  { label: 'Sessions', cell: ({ sessions }) => countWords(sessions), isNumber: true },
  { label: 'Connected', cell: ({ connected }) => countWords(connected), isNumber: true },
  { label: 'Last active', cell: ({ activeAt }) => <Ago at={activeAt} />, isNumber: true },
  { label: 'Since', cell: ({ since }) => <Ago at={since} />, isNumber: true, isWide: true },
]

const pageLength = 50

/** Users who have a session here. */
export function UsersPage() {
  const [{ text, selected }, change] = useParameters()
  const paging = usePaging<string>(text ?? '')
  const answer = useAnswer(
    'operations.users',
    {
      limit: pageLength,
      ...(text === undefined ? {} : { text }),
      ...(paging.after === undefined ? {} : { after: paging.after }),
    },
    { everyMs: 5_000 },
  )
  const { users = [], next } = answer.data ?? {}
  return (
    <Page
      title="Users"
      lead="Users who have a session on this node, by name. Open one to disconnect them or to revoke their tokens."
      filters={
        <SearchField label="Part of a user id" value={text} onChange={(value) => change({ text: value })} />
      }
      panel={
        selected === undefined ? undefined : (
          <UserPanel key={selected} user={selected} onClose={() => change({ selected: undefined })} />
        )
      }
    >
      <Listing
        label="Users"
        answer={answer}
        isEmpty={users.length === 0}
        empty={
          text === undefined
            ? { text: 'No user has a session on this node.' }
            : {
                text: `No user who is here has “${text}” in their id.`,
                action: (
                  <Button variant="default" onClick={() => change({ text: undefined })}>
                    Show all
                  </Button>
                ),
              }
        }
      >
        <Table
          label="Users"
          rows={users}
          columns={columns}
          keyOf={({ app, user }) => `${app} ${user}`}
          selected={selected === undefined ? undefined : `default ${selected}`}
          onOpen={({ user }) => change({ selected: user })}
        />
        <Pager paging={paging} next={next} words={`${amountWords(users.length, 'user')} shown`} />
      </Listing>
    </Page>
  )
}
