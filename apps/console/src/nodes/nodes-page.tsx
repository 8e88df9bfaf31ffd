import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { useAnswer } from '../data/use-answer.ts'
import { byteWords, countWords, spanWords } from '../data/words.ts'
import { Facts, Part } from '../page/facts.tsx'
import { Page } from '../page/page.tsx'
import { Ago } from '../table/ago.tsx'
import { Copyable } from '../table/copyable.tsx'
import { Listing } from '../table/listing.tsx'
import { type Column, Table } from '../table/table.tsx'
import { Tag } from '../table/tag.tsx'
import styles from './nodes.module.css'

type Node = OutputOfCommand<BuiltIn, 'operations.nodes'>['nodes'][number]
type Performance = OutputOfCommand<BuiltIn, 'operations.performance'>
type Check = OutputOfCommand<BuiltIn, 'operations.health'>['checks'][number]

const columns: readonly Column<Node>[] = [
  { label: 'Node', cell: ({ node }) => <Copyable text={node} what="id of the node" /> },
  { label: 'State', cell: stateOf },
  { label: 'Version', cell: ({ version }) => version ?? '–', isWide: true },
  { label: 'Started', cell: ({ startedAt }) => (startedAt === undefined ? '–' : <Ago at={startedAt} />) },
  { label: 'Connections', cell: ({ connections }) => count(connections), isNumber: true },
  { label: 'Channels', cell: ({ channels }) => count(channels), isNumber: true, isWide: true },
  { label: 'Subscriptions', cell: ({ subscriptions }) => count(subscriptions), isNumber: true, isWide: true },
]

const count = (value: number | undefined) => (value === undefined ? '–' : countWords(value))

function stateOf({ isThis, ready }: Node) {
  if (!isThis) return <Tag tone="good">in the cluster</Tag>
  return ready === true ? <Tag tone="good">ready</Tag> : <Tag tone="bad">not ready</Tag>
}

const meanings: Readonly<Record<string, string>> = {
  node: 'It runs and takes clients.',
  store: 'It can write to its database.',
  broker: 'It reaches the other nodes.',
  connections: 'Few connections end for a fault.',
  events: 'The store keeps up.',
  process: 'The event loop is on time.',
}

/** Nodes of the cluster, and how well the one that answers serves. */
export function NodesPage() {
  const nodes = useAnswer('operations.nodes', {}, { everyMs: 5_000 })
  const health = useAnswer('operations.health', {}, { everyMs: 5_000 })
  const performance = useAnswer('operations.performance', {}, { everyMs: 5_000 })
  return (
    <Page
      title="Nodes"
      lead="Of other nodes this one knows that they are there. Open the console on a node to see more of it."
    >
      <Listing
        label="Nodes"
        answer={nodes}
        isEmpty={nodes.data?.nodes.length === 0}
        empty={{ text: 'No node says that it is there.' }}
      >
        <Table label="Nodes" rows={nodes.data?.nodes ?? []} columns={columns} keyOf={({ node }) => node} />
      </Listing>
      <div className={styles.parts}>
        <Part title="Health of this node" level={2}>
          <Listing label="Health" answer={health} isEmpty={false} empty={{ text: 'Nothing was checked.' }}>
            <ul className={styles.checks}>
              {health.data?.checks.map((check) => (
                <CheckLine key={check.name} check={check} />
              ))}
            </ul>
          </Listing>
        </Part>
        <Part title="Since its start" level={2}>
          {performance.data && (
            <Facts
              facts={[
                ['Connections', countWords(performance.data.connections.total)],
                ['Ended for a fault', countWords(performance.data.connections.failed)],
                ['Lasted on average', spanWords(performance.data.connections.avg_connection_time)],
                ['Waiting to return', countWords(performance.data.connections.reconnecting)],
                ['Silent for a minute', countWords(performance.data.connections.idle)],
                ['Frames received', countWords(performance.data.messages.received)],
                ['Events delivered', countWords(performance.data.messages.sent)],
                ['Refused or dropped', countWords(performance.data.messages.failed)],
                ['Calls refused', `${countWords(performance.data.errorRate * 100)} %`],
                ['Bandwidth now', `${byteWords(performance.data.scalability.network_bandwidth)} a second`],
                ['Memory', memoryWords(performance.data.memory)],
                ['Waiting for clients', byteWords(performance.data.memory.buffer_size)],
                ['Room for', `${countWords(performance.data.scalability.concurrent_capacity)} connections`],
              ]}
            />
          )}
        </Part>
      </div>
    </Page>
  )
}

function memoryWords({ used, available, percentage }: Performance['memory']): string {
  return `${byteWords(used)}, ${countWords(percentage)} % of what there is; ${byteWords(available)} are left`
}

function CheckLine({ check: { name, ok, problem } }: { readonly check: Check }) {
  return (
    <li className={styles.check}>
      <Tag tone={ok ? 'good' : 'bad'}>{name}</Tag>
      <span>{ok ? meanings[name] : problem}</span>
    </li>
  )
}
