import { Button, TextInput } from '@mantine/core'
import { Choice, Sentence } from '@parley/look'
import { type FormEvent, useState } from 'react'
import { PeoplePicker } from '../../people/people-picker.tsx'
import { useDesk } from '../../shell/desk.ts'
import styles from '../../shell/dialogs/dialog.module.css'
import { roomIdOf, useBeginning } from './begin.ts'

interface FormProps {
  readonly people: readonly string[]
  readonly onPeople: (people: readonly string[]) => void
  readonly onClose: () => void
}

const visibilities = [
  { value: 'public', label: 'Public', icon: 'room' },
  { value: 'private', label: 'Private', icon: 'lock' },
] as const

/** A room: a title, who may come in, what it is about. */
export function RoomForm({ people, onPeople, onClose }: FormProps) {
  const { client } = useDesk()
  const [title, setTitle] = useState('')
  const [ownId, setOwnId] = useState<string>()
  const [topic, setTopic] = useState('')
  const [visibility, setVisibility] = useState<'public' | 'private'>('public')
  const { isBusy, problem, begin, setProblem } = useBeginning(onClose)
  const id = ownId ?? roomIdOf(title)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (title.trim() === '') return setProblem('Give the room a title.')
    if (!/^([a-z0-9][a-z0-9-]{0,63})?$/.test(id))
      return setProblem('An id has lower-case letters, digits and -, and begins with a letter or digit.')
    void begin(() =>
      client.chat.create({
        ...{ type: 'room', title, topic, visibility, members: [...people] },
        ...(id === '' ? {} : { id }),
      }),
    )
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <TextInput
        data-autofocus
        label="Title"
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        maxLength={120}
        autoComplete="off"
      />
      <TextInput
        label="Id"
        description="Part of the address of the room. It stays when the title changes."
        value={id}
        onChange={(event) => setOwnId(event.currentTarget.value)}
        placeholder="made by the server"
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
      />
      <TextInput
        label="Topic (optional)"
        value={topic}
        onChange={(event) => setTopic(event.currentTarget.value)}
        maxLength={500}
        autoComplete="off"
      />
      <Choice label="Who may come in" options={visibilities} value={visibility} onChange={setVisibility} />
      <p className={styles.caption}>
        {visibility === 'public'
          ? 'Everybody finds it, reads it and joins it.'
          : 'Only members read it; others come by invitation or link.'}
      </p>
      <PeoplePicker label="Members (optional)" chosen={people} onChange={onPeople} most={100} />
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          <Sentence text={problem} />
        </p>
      )}
      <Button type="submit" fullWidth loading={isBusy}>
        Create room
      </Button>
    </form>
  )
}
