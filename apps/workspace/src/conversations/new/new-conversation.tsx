import { Modal } from '@mantine/core'
import { Choice } from '@parley/look'
import { useState } from 'react'
import { DirectForm } from './direct-form.tsx'
import { GroupForm } from './group-form.tsx'
import styles from './new-conversation.module.css'
import { RoomForm } from './room-form.tsx'

interface NewConversationProps {
  readonly type: 'room' | 'group' | 'direct'
  readonly people: readonly string[]
  readonly onClose: () => void
}

const types = [
  { value: 'direct', label: 'Direct', icon: 'you' },
  { value: 'group', label: 'Group', icon: 'group' },
  { value: 'room', label: 'Room', icon: 'room' },
] as const

/** Begins a conversation: with one person, with several, or in a room. */
export function NewConversation({ type: first, people: given, onClose }: NewConversationProps) {
  const [type, setType] = useState(first)
  const [people, setPeople] = useState(given)
  const form = { people, onPeople: setPeople, onClose }
  return (
    <Modal opened onClose={onClose} title="New conversation" size={480}>
      <div className={styles.types}>
        <Choice label="Type" options={types} value={type} onChange={setType} isLabelHidden />
      </div>
      {type === 'direct' && <DirectForm {...form} />}
      {type === 'group' && <GroupForm {...form} />}
      {type === 'room' && <RoomForm {...form} />}
    </Modal>
  )
}
