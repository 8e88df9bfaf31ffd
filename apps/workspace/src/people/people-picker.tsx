import { TextInput, UnstyledButton } from '@mantine/core'
import { Icon } from '@parley/look'
import { type KeyboardEvent, useId, useState } from 'react'
import { Avatar } from '../presence/avatar.tsx'
import { useNames } from '../presence/use-names.ts'
import { peopleLike, userMeant } from './known-people.ts'
import styles from './people-picker.module.css'
import { useKnownPeople } from './use-known-people.ts'

interface PeoplePickerProps {
  readonly label: string
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
  /** Not offered: they are there already. */
  readonly without?: readonly string[]
  readonly most: number
  readonly error?: string | undefined
  readonly isFirst?: boolean
}

/** Chooses people by name or id; those whom one has met are offered. */
export function PeoplePicker(props: PeoplePickerProps) {
  const { label, chosen, onChange, without = [], most, error, isFirst = false } = props
  const known = useKnownPeople()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const list = useId()
  const [isHere, setHere] = useState(false)
  const isFull = chosen.length >= most
  const offered = isFull || !isHere ? [] : peopleLike(typed, known, { without: [...without, ...chosen] })
  const active = Math.min(at, offered.length - 1)

  const add = (id: string | undefined) => {
    if (id === undefined || isFull) return
    if (!chosen.includes(id)) onChange([...chosen, id])
    setTyped('')
    setAt(0)
  }
  const pressed = (event: KeyboardEvent) => {
    const isSeparator = event.key === 'Enter' || event.key === ','
    if (event.nativeEvent.isComposing) return
    if (isSeparator && typed.trim() !== '') add(offered[active]?.id ?? userMeant(typed, known))
    else if (event.key === 'ArrowDown') setAt(Math.min(active + 1, offered.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(active - 1, 0))
    else if (event.key === 'Backspace' && typed === '') onChange(chosen.slice(0, -1))
    else return
    event.preventDefault()
  }
  const left = () => {
    setHere(false)
    // What was typed and not yet taken counts when the field is left.
    if (typed.trim() !== '') add(userMeant(typed, known))
  }

  return (
    <div className={styles.picker}>
      <TextInput
        label={label}
        description="A name or a user id; Enter adds one."
        error={error}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={pressed}
        onFocus={() => setHere(true)}
        onBlur={left}
        disabled={isFull}
        autoComplete="off"
        spellCheck={false}
        role="combobox"
        aria-expanded={offered.length > 0}
        aria-controls={list}
        aria-activedescendant={offered[active] && `${list}-${active}`}
        aria-autocomplete="list"
        {...(isFirst ? { 'data-autofocus': true } : {})}
      />
      <Chosen chosen={chosen} onRemove={(id) => onChange(chosen.filter((other) => other !== id))} />
      <div id={list} className={styles.offered} role="listbox" aria-label="People you have met">
        {offered.map(({ id, name }, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, as in every combobox.
          // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field chooses.
          <div
            key={id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            className={styles.option}
            // Before the field loses the focus.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => add(id)}
          >
            <Avatar id={id} name={name} size={24} />
            <bdi>{name}</bdi>
            {name !== id && <code className={styles.id}>{id}</code>}
          </div>
        ))}
      </div>
    </div>
  )
}

function Chosen({
  chosen,
  onRemove,
}: {
  readonly chosen: readonly string[]
  readonly onRemove: (id: string) => void
}) {
  const nameOf = useNames()
  if (chosen.length === 0) return null
  return (
    <ul className={styles.chosen} aria-label="Chosen">
      {chosen.map((id) => (
        <li key={id} className={styles.chip}>
          <Avatar id={id} name={nameOf(id)} size={20} />
          <bdi>{nameOf(id)}</bdi>
          <UnstyledButton
            className={styles.remove}
            aria-label={`Remove ${nameOf(id)}`}
            onClick={() => onRemove(id)}
          >
            <Icon name="close" size={14} />
          </UnstyledButton>
        </li>
      ))}
    </ul>
  )
}
