import { useAnswer } from '../data/use-answer.ts'
import { Part } from '../page/facts.tsx'
import { Ago } from '../table/ago.tsx'
import { Table } from '../table/table.tsx'

/** Why the earlier connections of a session were closed. */
export function Closures({ session }: { readonly session: string }) {
  const { data } = useAnswer('operations.closedConnections', { session, limit: 20 }, { everyMs: 5_000 })
  if (data === undefined || data.connections.length === 0) return null
  return (
    <Part title="Connections that were closed">
      <Table
        label="Connections that were closed"
        rows={data.connections}
        keyOf={({ at, since }) => `${at}-${since}`}
        columns={[
          { label: 'When', cell: ({ at }) => <Ago at={at} /> },
          { label: 'Why', cell: ({ reason }) => reason.replaceAll('_', ' ') },
          { label: 'By', cell: ({ by }) => by },
          { label: 'Code', cell: ({ code }) => code, isNumber: true },
        ]}
      />
    </Part>
  )
}
