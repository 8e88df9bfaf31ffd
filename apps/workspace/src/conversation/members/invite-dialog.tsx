import { Button, Modal } from '@mantine/core'
import { Choice, Sentence } from '@parley/look'
import type { ConversationInfo } from '@parley/react'
import { type FormEvent, useState } from 'react'
import { PeoplePicker } from '../../people/people-picker.tsx'
import { useDesk } from '../../shell/desk.ts'
import styles from '../../shell/dialogs/dialog.module.css'

interface InviteDialogProps {
  readonly conversation: ConversationInfo
  readonly onClose: () => void
}

const ways = [
  { value: 'invite', label: 'Invite', icon: 'mail' },
  { value: 'add', label: 'Add at once', icon: 'plus' },
] as const

/** Brings people in: by an invitation, or, for those who manage the conversation, at once. */
export function InviteDialog({ conversation, onClose }: InviteDialogProps) {
  const { client, announcements } = useDesk()
  const [people, setPeople] = useState<readonly string[]>([])
  const [way, setWay] = useState<'invite' | 'add'>('invite')
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const { channel, mine } = conversation
  const mayAdd = mine !== undefined && mine.role !== 'member'

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (people.length === 0) return setProblem('Choose at least one person.')
    setBusy(true)
    setProblem(undefined)
    const users = [...people]
    try {
      const told =
        way === 'add'
          ? countOf((await client.chat.addMembers({ channel, users })).added.length, 'added')
          : countOf((await client.chat.invite({ channel, users })).invited.length, 'invited')
      announcements.say(told)
      onClose()
    } catch (error) {
      setProblem((error as Error).message)
      setBusy(false)
    }
  }

  return (
    <Modal opened onClose={onClose} title="Invite people" size={440}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {mayAdd && <Choice label="How" options={ways} value={way} onChange={setWay} isLabelHidden />}
        <PeoplePicker label="People" chosen={people} onChange={setPeople} most={100} isFirst />
        <p className={styles.caption}>
          {way === 'add'
            ? 'They are members from now on, without being asked.'
            : 'They find the invitation beside their conversations and join when they like.'}
        </p>
        {problem !== undefined && (
          <p className={styles.problem} role="alert">
            <Sentence text={problem} />
          </p>
        )}
        <Button type="submit" fullWidth loading={isBusy}>
          {way === 'add' ? 'Add' : 'Invite'}
        </Button>
      </form>
    </Modal>
  )
}

function countOf(count: number, done: string): string {
  if (count === 0) return 'They are in the conversation already.'
  return count === 1 ? `1 person ${done}.` : `${count} people ${done}.`
}
