import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Link } from '@tanstack/react-router'
import { useAnswer } from '../data/use-answer.ts'
import { useParameters } from '../data/use-parameters.ts'
import { byteWords, countWords, spanWords } from '../data/words.ts'
import { Facts, Part } from '../page/facts.tsx'
import { Page } from '../page/page.tsx'
import { SidePanel } from '../page/side-panel.tsx'
import { Listing } from '../table/listing.tsx'
import { SearchField } from '../table/search-field.tsx'
import { type Column, Table } from '../table/table.tsx'

type Kind = OutputOfCommand<BuiltIn, 'channels.kinds'>['kinds'][number]

const columns: readonly Column<Kind>[] = [
  { label: 'Kind', cell: ({ name }) => name },
  { label: 'Module', cell: ({ module }) => module, isWide: true },
  { label: 'Durability', cell: ({ durability }) => durability },
  { label: 'Lane', cell: ({ lane }) => lane, isWide: true },
  { label: 'Read', cell: ({ access }) => access.read ?? '–' },
  { label: 'Write', cell: ({ access }) => access.write ?? '–', isWide: true },
  {
    label: 'Kept',
    cell: ({ durability, retention }) => (durability === 'ephemeral' ? 'not' : spanWords(retention.maxAgeMs)),
    isNumber: true,
  },
]

/** Kinds of channels: what the channels of each share. */
export function KindsPage() {
  const [{ text, selected }, change] = useParameters()
  const answer = useAnswer('channels.kinds', {})
  const kinds = (answer.data?.kinds ?? []).filter(
    ({ name, module }) => text === undefined || `${module} ${name}`.includes(text.toLowerCase()),
  )
  const kind = answer.data?.kinds.find(({ name }) => name === selected)
  return (
    <Page
      title="Kinds"
      lead="What channels share: durability, retention, access, limits. Kinds of module channels come from the configuration."
      filters={
        <SearchField label="Kind or module" value={text} onChange={(value) => change({ text: value })} />
      }
      panel={
        kind && <KindPanel key={kind.name} kind={kind} onClose={() => change({ selected: undefined })} />
      }
    >
      <Listing
        label="Kinds"
        answer={answer}
        isEmpty={kinds.length === 0}
        empty={{ text: text === undefined ? 'No kind is configured.' : `No kind is called “${text}”.` }}
      >
        <Table
          label="Kinds"
          rows={kinds}
          columns={columns}
          keyOf={({ name }) => name}
          selected={selected}
          onOpen={({ name }) => change({ selected: name })}
        />
      </Listing>
    </Page>
  )
}

function KindPanel({ kind, onClose }: { readonly kind: Kind; readonly onClose: () => void }) {
  const { retention, limits, access } = kind
  const yes = (is: boolean) => (is ? 'yes' : 'no')
  return (
    <SidePanel title={kind.name} onClose={onClose}>
      <Facts
        facts={[
          ['Module', kind.module],
          ['Durability', kind.durability],
          ['Lane', kind.lane],
          [
            'Slow readers',
            kind.slowConsumer === 'catch_up' ? 'catch up by the log' : 'lose the oldest events',
          ],
          ['Presence', yes(kind.presence)],
          ['Typing', yes(kind.typing)],
          ['Filters', yes(kind.filters)],
          [
            'Channels',
            <Link key="channels" to="/channels" search={{ text: `${kind.name}:` } as never}>
              Those that are open
            </Link>,
          ],
        ]}
      />
      <Part title="Retention">
        <Facts
          facts={[
            ['At most', `${countWords(retention.maxEvents)} events`],
            ['For', spanWords(retention.maxAgeMs)],
            ['In', byteWords(retention.maxBytes)],
          ]}
        />
      </Part>
      <Part title="Access">
        <Facts facts={Object.entries(access)} />
      </Part>
      <Part title="Limits">
        <Facts
          facts={Object.entries(limits).map(([name, value]) => [
            name,
            value === 0 ? 'no limit' : countWords(value),
          ])}
        />
      </Part>
    </SidePanel>
  )
}
