import { NativeSelect, TextInput } from '@mantine/core'
import { useEntries } from '../../conversations/list/use-entries.ts'
import { useKnownPeople } from '../../people/use-known-people.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import type { SearchQuery } from './query.ts'
import styles from './search-page.module.css'

interface SearchFiltersProps {
  readonly query: SearchQuery
  readonly onChange: (part: Partial<SearchQuery>) => void
}

const things = [
  { value: '', label: 'Anything' },
  { value: 'file', label: 'A file' },
  { value: 'link', label: 'A link' },
  { value: 'pin', label: 'A pin' },
  { value: 'reaction', label: 'A reaction' },
]

/** What narrows a search. */
export function SearchFilters({ query, onChange }: SearchFiltersProps) {
  const { me, name } = useDesk()
  const entries = useEntries()
  const nameOf = useNames()
  const known = useKnownPeople()
  const conversations = entries.map(({ conversation, title }) => ({
    value: conversation.channel,
    label: title,
  }))
  const people = [
    ...(me === undefined ? [] : [{ value: me, label: `${name} (you)` }]),
    ...known.map((person) => ({ value: person.id, label: person.name })),
  ]
  // What the address names is offered too, whether it is known here or not.
  const offered = (options: readonly { value: string; label: string }[], value: string, all: string) => [
    { value: '', label: all },
    ...options,
    ...(value === '' || options.some((option) => option.value === value)
      ? []
      : [{ value, label: nameOf(value) }]),
  ]
  return (
    <div className={styles.filters}>
      <NativeSelect
        label="In"
        data={offered(conversations, query.channel, 'All conversations')}
        value={query.channel}
        onChange={(event) => onChange({ channel: event.currentTarget.value })}
      />
      <NativeSelect
        label="From"
        data={offered(people, query.author, 'Everybody')}
        value={query.author}
        onChange={(event) => onChange({ author: event.currentTarget.value })}
      />
      <NativeSelect
        label="Mentions"
        data={offered(people, query.mentions, 'Anybody or nobody')}
        value={query.mentions}
        onChange={(event) => onChange({ mentions: event.currentTarget.value })}
      />
      <NativeSelect
        label="Has"
        data={things}
        value={query.has}
        onChange={(event) => onChange({ has: event.currentTarget.value as SearchQuery['has'] })}
      />
      <TextInput
        type="date"
        label="Since"
        value={query.since}
        max={query.until || undefined}
        onChange={(event) => onChange({ since: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="Until"
        value={query.until}
        min={query.since || undefined}
        onChange={(event) => onChange({ until: event.currentTarget.value })}
      />
    </div>
  )
}
