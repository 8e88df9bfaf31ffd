import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Choice } from '@parley/look'
import { useAnswer } from '../data/use-answer.ts'
import { useParameters } from '../data/use-parameters.ts'
import { countWords } from '../data/words.ts'
import { Page } from '../page/page.tsx'
import { Listing } from '../table/listing.tsx'
import { Parts } from '../table/parts.tsx'
import { SearchField } from '../table/search-field.tsx'
import styles from '../table/table.module.css'
import { type Column, Table } from '../table/table.tsx'

type Setting = OutputOfCommand<BuiltIn, 'operations.settings'>['settings'][number]

const columns: readonly Column<Setting>[] = [
  {
    label: 'Setting',
    cell: ({ name }) => (
      <code>
        <Parts of={name} />
      </code>
    ),
  },
  {
    label: 'Value',
    cell: ({ value, source }) => (
      <>
        <code>{wordsOf(value)}</code>
        <span className={styles.narrow}>{source}</span>
      </>
    ),
    isUnbroken: true,
  },
  { label: 'From', cell: ({ source }) => <span className={styles.source}>{source}</span>, isWide: true },
]

const wordsOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
const isDefault = ({ source }: Setting) => source.startsWith('default') || source.includes('built-in')

const which = [
  { value: 'all', label: 'All' },
  { value: 'set', label: 'Set by you' },
] as const

/** Every setting as it counts, and where it was written. */
export function SettingsPage() {
  const [{ text, show = 'all' }, change] = useParameters()
  const answer = useAnswer('operations.settings', {})
  const all = answer.data?.settings ?? []
  const settings = all.filter(
    (setting) =>
      (show !== 'set' || !isDefault(setting)) &&
      (text === undefined ||
        `${setting.name} ${wordsOf(setting.value)} ${setting.source}`
          .toLowerCase()
          .includes(text.toLowerCase())),
  )
  return (
    <Page
      title="Settings"
      lead="What is in force on this node, and where each setting came from. Change them there and start the node anew."
      filters={
        <>
          <SearchField
            label="Name, value or source"
            value={text}
            onChange={(value) => change({ text: value })}
          />
          <Choice
            label="Which settings"
            isLabelHidden
            options={which}
            value={show as 'all'}
            onChange={(value) => change({ show: value === 'all' ? undefined : value })}
          />
        </>
      }
    >
      <Listing
        label="Settings"
        answer={answer}
        isEmpty={settings.length === 0}
        empty={{
          text:
            text === undefined ? 'Everything is as it comes: nothing was set.' : `No setting has “${text}”.`,
        }}
      >
        <Table label="Settings" rows={settings} columns={columns} keyOf={({ name }) => name} />
        <p className={styles.pager}>
          <span className={styles.words}>
            {countWords(settings.length)} of {countWords(all.length)} settings
          </span>
        </p>
      </Listing>
    </Page>
  )
}
