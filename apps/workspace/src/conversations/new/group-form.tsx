import { Button, TextInput } from '@mantine/core'
import { Sentence } from '@parley/look'
import { type FormEvent, useState } from 'react'
import { PeoplePicker } from '../../people/people-picker.tsx'
import { useDesk } from '../../shell/desk.ts'
import styles from '../../shell/dialogs/dialog.module.css'
import { useBeginning } from './begin.ts'

interface FormProps {
  readonly people: readonly string[]
  readonly onPeople: (people: readonly string[]) => void
  readonly onClose: () => void
}

/** A group: private, and known by who is in it. */
export function GroupForm({ people, onPeople, onClose }: FormProps) {
  const { client } = useDesk()
  const [title, setTitle] = useState('')
  const { isBusy, problem, begin, setProblem } = useBeginning(onClose)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (people.length === 0) return setProblem('Add at least one person.')
    void begin(() =>
      client.chat.create({
        type: 'group',
        members: [...people],
        ...(title.trim() === '' ? {} : { title }),
      }),
    )
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <PeoplePicker label="People" chosen={people} onChange={onPeople} most={100} isFirst />
      <TextInput
        label="Title (optional)"
        description="Without one, the group is called after its members."
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        maxLength={120}
        autoComplete="off"
      />
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          <Sentence text={problem} />
        </p>
      )}
      <Button type="submit" fullWidth loading={isBusy}>
        Create group
      </Button>
    </form>
  )
}
