import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Choice } from '@parley/look'
import { useAnswer } from '../data/use-answer.ts'
import { useParameters } from '../data/use-parameters.ts'
import { Page } from '../page/page.tsx'
import { Listing } from '../table/listing.tsx'
import { SearchField } from '../table/search-field.tsx'
import { type Column, Table } from '../table/table.tsx'
import { Explain } from './explain.tsx'
import { permissionWords } from './words.ts'

type Kind = OutputOfCommand<BuiltIn, 'channels.kinds'>['kinds'][number]
type Command = OutputOfCommand<BuiltIn, 'operations.modules'>['modules'][number]['commands'][number]

const views = [
  { value: 'explain', label: 'Why may they' },
  { value: 'commands', label: 'Commands' },
  { value: 'kinds', label: 'Kinds' },
] as const

const leads = {
  explain: 'Ask why somebody may, or may not, do something: every step of the decision is shown.',
  commands:
    'Who may call what. "On the channel" means: with a capability for the channel that the input names.',
  kinds: 'Who may do what on the channels of each kind, before a module or webhook is asked.',
} as const

/** Who may do what, and why. */
export function PermissionsPage() {
  const [{ view: given, text }, change] = useParameters()
  const view = views.find(({ value }) => value === given)?.value ?? 'explain'
  return (
    <Page
      title="Permissions"
      lead={leads[view]}
      filters={
        <>
          <Choice
            label="View"
            isLabelHidden
            options={views}
            value={view}
            onChange={(value) => change({ view: value === 'explain' ? undefined : value, text: undefined })}
          />
          {view !== 'explain' && (
            <SearchField
              label={view === 'commands' ? 'Command' : 'Kind'}
              value={text}
              onChange={(value) => change({ text: value })}
            />
          )}
        </>
      }
    >
      {view === 'explain' && <Explain />}
      {view === 'commands' && <CommandMatrix text={text} />}
      {view === 'kinds' && <KindMatrix text={text} />}
    </Page>
  )
}

const commandColumns: readonly Column<Command>[] = [
  { label: 'Command', cell: ({ name }) => <code>{name}</code> },
  { label: 'Who may', cell: ({ permission }) => permissionWords(permission) },
  { label: 'Feature flag', cell: ({ flag }) => <code>{flag ?? '–'}</code>, isWide: true },
]

function CommandMatrix({ text = '' }: { readonly text: string | undefined }) {
  const answer = useAnswer('operations.modules', {})
  const commands = (answer.data?.modules ?? [])
    .flatMap((module) => module.commands)
    .filter(({ name, permission }) => `${name} ${permission}`.toLowerCase().includes(text.toLowerCase()))
  return (
    <Listing
      label="Permissions of commands"
      answer={answer}
      isEmpty={commands.length === 0}
      empty={{ text: `No command is called “${text}”.` }}
    >
      <Table
        label="Permissions of commands"
        rows={commands}
        columns={commandColumns}
        keyOf={({ name }) => name}
      />
    </Listing>
  )
}

const kindColumns: readonly Column<Kind>[] = [
  { label: 'Kind', cell: ({ name }) => name },
  { label: 'Read', cell: ({ access }) => access.read },
  { label: 'Write', cell: ({ access }) => access.write },
  { label: 'Presence', cell: ({ access }) => access.presence, isWide: true },
  { label: 'Manage', cell: ({ access }) => access.manage, isWide: true },
]

function KindMatrix({ text = '' }: { readonly text: string | undefined }) {
  const answer = useAnswer('channels.kinds', {})
  const kinds = (answer.data?.kinds ?? []).filter(({ name }) => name.includes(text.toLowerCase()))
  return (
    <Listing
      label="Access to kinds"
      answer={answer}
      isEmpty={kinds.length === 0}
      empty={{ text: `No kind is called “${text}”.` }}
    >
      <Table label="Access to kinds" rows={kinds} columns={kindColumns} keyOf={({ name }) => name} />
    </Listing>
  )
}
