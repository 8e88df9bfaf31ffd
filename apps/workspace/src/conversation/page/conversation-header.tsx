import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core'
import { Icon, type IconName } from '@parley/look'
import { usePresence } from '@parley/react'
import type { PanelName } from '../../address/place.ts'
import { goTo } from '../../address/use-place.ts'
import type { Entry } from '../../conversations/list/sections.ts'
import { useConversationActions } from '../../conversations/list/use-conversation-actions.ts'
import { PresenceMark, wordsOf } from '../../presence/avatar.tsx'
import styles from './conversation-header.module.css'

interface ConversationHeaderProps {
  readonly entry: Entry
  readonly panel: PanelName | undefined
  readonly onPanel: (panel: PanelName | undefined) => void
}

/** What the conversation is called and about, and the way to what stands beside it. */
export function ConversationHeader({ entry, panel, onPanel }: ConversationHeaderProps) {
  const { conversation, title } = entry
  const { channel, mine, members, type, visibility } = conversation
  const actions = useConversationActions()
  const isStarred = mine?.starred === true
  const toggle = (name: PanelName) => onPanel(panel === name ? undefined : name)
  const icon = type === 'room' ? (visibility === 'public' ? 'room' : 'lock') : undefined
  return (
    <div className={styles.header}>
      <ActionIcon
        className={styles.back}
        variant="subtle"
        color="quiet"
        size={36}
        aria-label="Back to the conversations"
        onClick={() => goTo({ page: 'home' })}
      >
        <Icon name="back" />
      </ActionIcon>
      <div className={styles.words}>
        <h2 className={styles.title}>
          {icon && (
            <Icon name={icon} size={18} label={visibility === 'public' ? 'Public room' : 'Private room'} />
          )}
          <bdi>{title}</bdi>
        </h2>
        <Facts entry={entry} />
      </div>
      {mine && (
        <Tool
          icon="star"
          label={isStarred ? 'Remove the star' : 'Star'}
          isOn={isStarred}
          isWide
          onClick={() => actions.star(entry, !isStarred)}
        />
      )}
      <Tool
        icon="search"
        label="Search in this conversation"
        isWide
        onClick={() => goTo({ page: 'search', query: { channel } })}
      />
      <Tool
        icon="pin"
        label="Pinned messages"
        isOpen={panel === 'pins'}
        isWide
        onClick={() => toggle('pins')}
      />
      {type !== 'direct' && (
        <UnstyledButton
          className={styles.members}
          aria-label={`Members: ${members}`}
          aria-expanded={panel === 'members'}
          onClick={() => toggle('members')}
        >
          <Icon name="people" />
          <span className={styles.count}>{members}</span>
        </UnstyledButton>
      )}
      <Tool icon="details" label="Details" isOpen={panel === 'details'} onClick={() => toggle('details')} />
    </div>
  )
}

/** Under the title: how reachable the other person is, or what a room is about. */
function Facts({ entry: { partner, conversation } }: Pick<ConversationHeaderProps, 'entry'>) {
  const presence = usePresence(partner === undefined ? undefined : [partner])
  if (partner !== undefined) {
    const { availability, status } = presence.of(partner)
    const said = [status?.emoji, status?.text].filter((part) => part !== undefined && part !== '').join(' ')
    return (
      <p className={styles.facts}>
        <PresenceMark presence={availability} /> {wordsOf(availability)}
        {said !== '' && ` · ${said}`}
      </p>
    )
  }
  const state = conversation.archived ? 'Archived' : conversation.locked ? 'Locked' : undefined
  const words = [state, conversation.topic].filter((part) => part !== undefined && part !== '').join(' · ')
  if (words === '') return null
  return (
    <p className={styles.facts} title={conversation.topic}>
      {words}
    </p>
  )
}

interface ToolProps {
  readonly icon: IconName
  readonly label: string
  readonly onClick: () => void
  /** For a switch: whether it is on. */
  readonly isOn?: boolean
  /** For a panel: whether it is open. */
  readonly isOpen?: boolean
  /** Only where there is room; a telephone has it in the details. */
  readonly isWide?: boolean
}

function Tool({ icon, label, onClick, isOn, isOpen, isWide = false }: ToolProps) {
  return (
    <Tooltip label={label} withinPortal>
      <ActionIcon
        className={isWide ? styles.wide : undefined}
        variant="subtle"
        color="quiet"
        size={36}
        aria-label={label}
        {...(isOpen === undefined ? {} : { 'aria-expanded': isOpen })}
        {...(isOn === undefined ? {} : { 'data-on': isOn })}
        onClick={onClick}
      >
        <Icon name={icon} filled={isOn === true} />
      </ActionIcon>
    </Tooltip>
  )
}
