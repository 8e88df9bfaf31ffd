import { Button } from '@mantine/core'
import { Sentence } from '@parley/look'
import type { FormEvent } from 'react'
import { PeoplePicker } from '../../people/people-picker.tsx'
import { useDesk } from '../../shell/desk.ts'
import styles from '../../shell/dialogs/dialog.module.css'
import { useBeginning } from './begin.ts'

interface FormProps {
  readonly people: readonly string[]
  readonly onPeople: (people: readonly string[]) => void
  readonly onClose: () => void
}

/** A direct conversation: the same people always meet in the same one. */
export function DirectForm({ people, onPeople, onClose }: FormProps) {
  const { client, me } = useDesk()
  const { isBusy, problem, begin } = useBeginning(onClose)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    // With nobody else it is a place for notes.
    const users = people.length > 0 ? [...people] : me === undefined ? [] : [me]
    void begin(() => client.chat.direct({ users }))
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <PeoplePicker label="People" chosen={people} onChange={onPeople} most={8} isFirst />
      <p className={styles.caption}>
        The same people always meet in the same conversation. With nobody else, it is a place for notes.
      </p>
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          <Sentence text={problem} />
        </p>
      )}
      <Button type="submit" fullWidth loading={isBusy}>
        {people.length === 0 ? 'Open notes to yourself' : 'Open conversation'}
      </Button>
    </form>
  )
}
