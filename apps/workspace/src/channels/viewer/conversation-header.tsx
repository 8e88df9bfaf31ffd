import { ActionIcon } from '@mantine/core'
import { Icon } from '@parley/look'
import { partsOf } from '../../address/place.ts'
import { type ChannelKind, keepingWords } from '../kinds.ts'
import type { Person } from '../people/people.ts'
import { PeopleButton } from '../people/people-button.tsx'
import styles from './conversation-header.module.css'

interface ConversationHeaderProps {
  readonly channel: string
  readonly kind: ChannelKind | undefined
  readonly people: readonly Person[]
  readonly isPanelOpen: boolean
  readonly onTogglePanel: () => void
  readonly onBack: () => void
}

/** What the channel is called, what becomes of its messages, who is here. */
export function ConversationHeader({
  channel,
  kind,
  people,
  isPanelOpen,
  onTogglePanel,
  onBack,
}: ConversationHeaderProps) {
  const { kind: kindName, id } = partsOf(channel)
  return (
    <div className={styles.header}>
      <ActionIcon
        className={styles.back}
        variant="subtle"
        color="quiet"
        size={36}
        aria-label="Back to the channels"
        onClick={onBack}
      >
        <Icon name="back" />
      </ActionIcon>
      <h2 className={styles.title} dir="ltr">
        <span className={styles.kind}>{kindName}:</span>
        <bdi>{id}</bdi>
      </h2>
      {kind && <span className={styles.keeping}>{keepingWords[kind.durability]}</span>}
      <span className={styles.space} />
      <PeopleButton people={people} isOpen={isPanelOpen} onToggle={onTogglePanel} />
    </div>
  )
}
