import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useAnswer } from '../data/use-answer.ts'
import { usePaging } from '../data/use-paging.ts'
import { amountWords } from '../data/words.ts'
import { Part } from '../page/facts.tsx'
import { Page } from '../page/page.tsx'
import { Ago } from '../table/ago.tsx'
import { Copyable } from '../table/copyable.tsx'
import { Listing } from '../table/listing.tsx'
import { Pager } from '../table/pager.tsx'
import { type Column, Table } from '../table/table.tsx'

type Key = OutputOfCommand<BuiltIn, 'operations.keys'>['keys'][number]
type Revocation = OutputOfCommand<BuiltIn, 'auth.revocations'>['revocations'][number]

const keyColumns: readonly Column<Key>[] = [
  {
    label: 'Key',
    cell: ({ id, algorithm }) =>
      id === undefined ? `${algorithm}, without an id` : <Copyable text={id} what="id of the key" />,
  },
  { label: 'App', cell: ({ app }) => app },
  { label: 'For', cell: ({ use, algorithm }) => (use === 'tokens' ? `tokens (${algorithm})` : 'back ends') },
  {
    label: 'May',
    cell: ({ use, capabilities }) => {
      if (use === 'tokens') return 'what the token says'
      return capabilities === undefined ? 'everything' : <code>{JSON.stringify(capabilities)}</code>
    },
    isWide: true,
  },
  { label: 'From', cell: ({ source }) => source, isWide: true },
]

const revocationColumns: readonly Column<Revocation>[] = [
  { label: 'Whose', cell: whose },
  { label: 'Revoked', cell: ({ at }) => <Ago at={at} /> },
  { label: 'By', cell: ({ by }) => by ?? 'back end', isWide: true },
  { label: 'Reason', cell: ({ reason }) => reason ?? '–', isWide: true },
  { label: 'Kept', cell: ({ expiresAt }) => <Ago at={expiresAt} />, isNumber: true },
]

function whose({ tokenId, user }: Revocation): string {
  if (tokenId !== undefined) return `token ${tokenId}`
  return user === undefined ? 'everybody of the app' : `all tokens of ${user}`
}

/** Keys that the server accepts, and tokens that it no longer does. */
export function KeysPage() {
  const answer = useAnswer('operations.keys', {})
  const keys = answer.data?.keys ?? []
  return (
    <Page
      title="Keys"
      lead="Keys are part of the configuration: change them there and start anew. No secret is shown, and none is known to the console."
    >
      <Listing
        label="Keys"
        answer={answer}
        isEmpty={keys.length === 0}
        empty={{ text: 'No key is configured: nobody can sign a token or call as a back end.' }}
      >
        <Table
          label="Keys"
          rows={keys}
          columns={keyColumns}
          keyOf={({ app, use, id, source }) => `${app} ${use} ${id} ${source}`}
        />
      </Listing>
      <Revocations />
    </Page>
  )
}

function Revocations() {
  const paging = usePaging<string>('revocations')
  const answer = useAnswer('auth.revocations', {
    limit: 50,
    ...(paging.after === undefined ? {} : { after: paging.after }),
  })
  const { revocations = [], next } = answer.data ?? {}
  return (
    <div style={{ paddingBlockStart: 32 }}>
      <Part title="Revoked tokens of your app" level={2}>
        <Listing
          label="Revocations"
          answer={answer}
          isEmpty={revocations.length === 0}
          empty={{ text: 'No token is revoked. Revoke those of a user under Users.' }}
        >
          <Table label="Revocations" rows={revocations} columns={revocationColumns} keyOf={({ id }) => id} />
          <Pager
            paging={paging}
            next={next}
            words={`${amountWords(revocations.length, 'revocation')} shown`}
          />
        </Listing>
      </Part>
    </div>
  )
}
