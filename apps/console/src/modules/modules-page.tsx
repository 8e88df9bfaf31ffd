import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Sentence } from '@parley/look'
import { useAnswer } from '../data/use-answer.ts'
import { useParameters } from '../data/use-parameters.ts'
import { countWords } from '../data/words.ts'
import { Facts, Part } from '../page/facts.tsx'
import { Json } from '../page/json.tsx'
import { Page } from '../page/page.tsx'
import { SidePanel } from '../page/side-panel.tsx'
import { permissionWords } from '../permissions/words.ts'
import { Copyable } from '../table/copyable.tsx'
import { Listing } from '../table/listing.tsx'
import { SearchField } from '../table/search-field.tsx'
import styles from '../table/table.module.css'
import { type Column, Table } from '../table/table.tsx'
import { TryIt } from './try-it.tsx'

export type Command = OutputOfCommand<BuiltIn, 'operations.modules'>['modules'][number]['commands'][number]

const columns: readonly Column<Command>[] = [
  { label: 'Command', cell: ({ name }) => name },
  { label: 'What it does', cell: ({ summary }) => <Sentence text={summary} /> },
  { label: 'Changes things', cell: ({ readOnly }) => (readOnly ? 'no' : 'yes'), isWide: true },
  { label: 'Who may', cell: ({ permission }) => permissionWords(permission), isWide: true },
]

/** Everything that the modules of this server offer, to be tried. */
export function ModulesPage() {
  const [{ text, selected }, change] = useParameters()
  const answer = useAnswer('operations.modules', {})
  const modules = answer.data?.modules ?? []
  const all = modules.flatMap(({ commands }) => commands)
  const wanted = text?.toLowerCase() ?? ''
  const commands = all.filter(({ name, summary }) => `${name} ${summary}`.toLowerCase().includes(wanted))
  const command = all.find(({ name }) => name === selected)
  return (
    <Page
      title="Modules"
      lead={`Commands of the ${modules.length} modules of this server. Open one to see its schema and to try it as yourself.`}
      filters={
        <SearchField
          label="Command or what it does"
          value={text}
          onChange={(value) => change({ text: value })}
        />
      }
      panel={
        command && (
          <CommandPanel
            key={command.name}
            command={command}
            onClose={() => change({ selected: undefined })}
          />
        )
      }
    >
      <Listing
        label="Commands"
        answer={answer}
        isEmpty={commands.length === 0}
        empty={{ text: `No command has “${text}” in its name or summary.` }}
      >
        <Table
          label="Commands"
          rows={commands}
          columns={columns}
          keyOf={({ name }) => name}
          selected={selected}
          onOpen={({ name }) => change({ selected: name })}
        />
        <p className={styles.pager}>
          <span className={styles.words}>
            {countWords(commands.length)} of {countWords(all.length)} commands
          </span>
        </p>
      </Listing>
    </Page>
  )
}

function CommandPanel({ command, onClose }: { readonly command: Command; readonly onClose: () => void }) {
  const errors = Object.entries(command.errors)
  return (
    <SidePanel title={command.name} onClose={onClose}>
      <p>
        <Sentence text={command.summary} />
      </p>
      {command.description && (
        <p>
          <Sentence text={command.description} />
        </p>
      )}
      <Facts
        facts={[
          ['Command', <Copyable key="name" text={command.name} what="name of the command" />],
          ['Over REST', <code key="rest">{command.rest.replace(' /', ' /api/')}</code>],
          ['Who may', permissionWords(command.permission)],
          ['Feature flag', command.flag && <code key="flag">{command.flag}</code>],
        ]}
      />
      <TryIt command={command} />
      {errors.length > 0 && (
        <Part title="Errors of its own">
          <Facts facts={errors} />
        </Part>
      )}
      <Part title="Schema of the input">
        <Json label="Schema of the input" value={command.input} />
      </Part>
      <Part title="Schema of the answer">
        <Json label="Schema of the answer" value={command.output} />
      </Part>
    </SidePanel>
  )
}
