import { Button, NativeSelect } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useAnswer } from '../data/use-answer.ts'
import { usePaging } from '../data/use-paging.ts'
import { type Parameters, useParameters } from '../data/use-parameters.ts'
import { byteWords, countWords } from '../data/words.ts'
import { Page } from '../page/page.tsx'
import { Ago } from '../table/ago.tsx'
import { Listing } from '../table/listing.tsx'
import { Pager } from '../table/pager.tsx'
import { SearchField } from '../table/search-field.tsx'
import { type Column, Table } from '../table/table.tsx'
import { Tag } from '../table/tag.tsx'
import { ConnectionPanel } from './connection-panel.tsx'

type Connection = OutputOfCommand<BuiltIn, 'operations.connections'>['connections'][number]

const columns: readonly Column<Connection>[] = [
  { label: 'User', cell: ({ user }) => user ?? 'back end' },
  {
    label: 'Session',
    cell: ({ session }) => <code title={session}>{session.slice(0, 8)}…</code>,
    isWide: true,
  },
  {
    label: 'State',
    cell: ({ connected, behind }) => {
      if (!connected) return <Tag tone="warning">waiting</Tag>
      return behind > 0 ? <Tag tone="bad">behind</Tag> : <Tag tone="good">connected</Tag>
    },
  },
  { label: 'Address', cell: ({ ip }) => <code>{ip ?? '–'}</code>, isWide: true },
  { label: 'Device', cell: ({ device }) => device?.name ?? device?.id ?? '–', isWide: true },
  { label: 'Channels', cell: ({ channels }) => countWords(channels), isNumber: true, isWide: true },
  { label: 'Waiting', cell: ({ queuedBytes }) => byteWords(queuedBytes), isNumber: true },
  { label: 'Since', cell: ({ since }) => <Ago at={since} />, isNumber: true },
]

const states = [
  { value: '', label: 'Every state' },
  { value: 'connected', label: 'Connected' },
  { value: 'waiting', label: 'Waiting to return' },
  { value: 'behind', label: 'With bytes waiting' },
]
const orders = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'queued', label: 'Most waiting first' },
]
const pageLength = 50

/** Everybody who is connected, searched and paged by the server. */
export function ConnectionsPage() {
  const [parameters, change] = useParameters()
  const { text, state, order = 'newest', channel, selected } = parameters
  const paging = usePaging<number>(JSON.stringify([text, state, order, channel]))
  const answer = useAnswer(
    'operations.connections',
    {
      limit: pageLength,
      order: order as 'newest',
      ...(text === undefined ? {} : { text }),
      ...(channel === undefined ? {} : { channel }),
      ...(state === undefined ? {} : { state: state as 'connected' }),
      ...(paging.after === undefined ? {} : { after: paging.after }),
    },
    { everyMs: 5_000 },
  )
  const { connections = [], total = 0, next } = answer.data ?? {}
  const isFiltered = text !== undefined || state !== undefined || channel !== undefined
  const clear = () => change({ text: undefined, state: undefined, channel: undefined })
  return (
    <Page
      title="Connections"
      lead="Sessions of this node with the connection that each has now."
      filters={<Filters parameters={parameters} change={change} />}
      panel={
        selected === undefined ? undefined : (
          <ConnectionPanel
            key={selected}
            session={selected}
            onClose={() => change({ selected: undefined })}
          />
        )
      }
    >
      <Listing
        label="Connections"
        answer={answer}
        isEmpty={connections.length === 0}
        empty={
          isFiltered
            ? {
                text: `None of ${countWords(total)} sessions is like that.`,
                action: (
                  <Button variant="default" onClick={clear}>
                    Show all
                  </Button>
                ),
              }
            : { text: 'Nobody is connected to this node.' }
        }
      >
        <Table
          label="Connections"
          rows={connections}
          columns={columns}
          keyOf={({ session }) => session}
          selected={selected}
          onOpen={({ session }) => change({ selected: session })}
        />
        <Pager
          paging={paging}
          next={next}
          words={`${countWords(connections.length)} shown, ${countWords(total)} sessions on this node`}
        />
      </Listing>
    </Page>
  )
}

interface FiltersProps {
  readonly parameters: Parameters
  readonly change: (some: Parameters) => void
}

function Filters({ parameters: { text, state, order = 'newest', channel }, change }: FiltersProps) {
  return (
    <>
      <SearchField
        label="User, session, address or device"
        value={text}
        onChange={(value) => change({ text: value })}
      />
      <NativeSelect
        aria-label="State"
        data={states}
        value={state ?? ''}
        onChange={(event) => change({ state: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label="Order"
        data={orders}
        value={order}
        onChange={(event) => change({ order: event.currentTarget.value })}
      />
      {channel !== undefined && (
        <Button variant="default" onClick={() => change({ channel: undefined })}>
          In {channel} ×
        </Button>
      )}
    </>
  )
}
