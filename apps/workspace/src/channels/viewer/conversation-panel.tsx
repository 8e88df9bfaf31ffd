import { ActionIcon, Button } from '@mantine/core'
import { Icon, Scrollable } from '@parley/look'
import { useId } from 'react'
import { type ChannelKind, keepingOf } from '../kinds.ts'
import type { Person } from '../people/people.ts'
import { PeopleList } from '../people/people-list.tsx'
import styles from './conversation-panel.module.css'
import { PublishSample } from './publish-sample.tsx'

interface ConversationPanelProps {
  readonly channel: string
  readonly kind: ChannelKind | undefined
  readonly people: readonly Person[]
  /** False while nobody can tell who is here. */
  readonly isLive: boolean
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onRemove: () => void
}

/** Beside the messages: who is here, what this channel is, how back ends publish to it. */
export function ConversationPanel({
  channel,
  kind,
  people,
  isLive,
  isOpen,
  onClose,
  onRemove,
}: ConversationPanelProps) {
  const title = useId()
  return (
    <section className={styles.panel} data-part="people" data-open={isOpen} aria-labelledby={title}>
      <div className={styles.header}>
        <h2 id={title} className={styles.title}>
          Here now
        </h2>
        <ActionIcon
          className={styles.close}
          variant="subtle"
          color="quiet"
          size={36}
          aria-label="Close the side panel"
          onClick={onClose}
        >
          <Icon name="close" />
        </ActionIcon>
      </div>
      <Scrollable className={styles.content} role="group" aria-labelledby={title}>
        {kind?.presence === false ? (
          <p className={styles.quiet}>Channels of this kind do not show who is here.</p>
        ) : (
          <PeopleList people={people} isLive={isLive} />
        )}
        <section className={styles.section}>
          <h3 className={styles.caption}>This channel</h3>
          <p>
            <code className={styles.name}>{channel}</code>
          </p>
          {kind && <p className={styles.quiet}>{keepingOf(kind)}</p>}
          <Button className={styles.remove} variant="default" size="compact-md" onClick={onRemove}>
            Remove from my list
          </Button>
        </section>
        <PublishSample channel={channel} />
      </Scrollable>
    </section>
  )
}
