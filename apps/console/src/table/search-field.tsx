import { TextInput } from '@mantine/core'
import { Icon } from '@parley/look'
import { useTyped } from '../data/use-typed.ts'

interface SearchFieldProps {
  /** What is searched for: "User, session, address or device". */
  readonly label: string
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

/** A field whose text narrows a list, when one pauses. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  const [typed, type] = useTyped(value, onChange)
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<Icon name="search" size={16} />}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      spellCheck={false}
      w={320}
      maw="100%"
    />
  )
}
