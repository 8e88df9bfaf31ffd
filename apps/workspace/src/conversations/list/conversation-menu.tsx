import { Menu } from '@mantine/core'
import { Icon, type IconName } from '@parley/look'
import { hrefOf } from '../../address/place.ts'
import { useDesk } from '../../shell/desk.ts'
import styles from './conversation-menu.module.css'
import type { Entry } from './sections.ts'
import { isMuted } from './sections.ts'
import { useConversationActions } from './use-conversation-actions.ts'

interface ConversationMenuProps {
  readonly entry: Entry
  /** In the window. */
  readonly at: { readonly x: number; readonly y: number }
  readonly onClose: () => void
}

/** What can be done with a conversation, where it was asked for. */
export function ConversationMenu({ entry, at, onClose }: ConversationMenuProps) {
  const { announcements } = useDesk()
  const actions = useConversationActions()
  const { conversation, unread, mentions } = entry
  const isStarred = conversation.mine?.starred === true
  const copyLink = () => {
    const link =
      location.origin + location.pathname + hrefOf({ page: 'conversation', channel: conversation.channel })
    void announcements.about(navigator.clipboard.writeText(link), {
      done: 'Link copied. It opens for members, and for everybody if the room is public.',
      failed: 'The link was not copied.',
    })
  }
  const item = (icon: IconName, label: string, run: () => void, isDanger = false) => (
    <Menu.Item
      leftSection={<Icon name={icon} size={16} />}
      onClick={run}
      {...(isDanger ? { color: 'danger' } : {})}
    >
      {label}
    </Menu.Item>
  )
  return (
    <Menu
      opened
      onClose={onClose}
      position="bottom-start"
      offset={2}
      withinPortal
      returnFocus
      shadow="md"
      width={220}
    >
      <Menu.Target>
        <span className={styles.anchor} style={{ left: at.x, top: at.y }} />
      </Menu.Target>
      <Menu.Dropdown aria-label={entry.title}>
        {unread + mentions > 0
          ? item('check', 'Mark as read', () => actions.markRead(entry))
          : item('mail', 'Mark as unread', () => actions.markUnread(entry))}
        {item('star', isStarred ? 'Remove the star' : 'Star', () => actions.star(entry, !isStarred))}
        {isMuted(entry)
          ? item('bell', 'Unmute', () => void actions.setNotify(entry, 'all'))
          : item('bellOff', 'Mute', () => void actions.setNotify(entry, 'none'))}
        {navigator.clipboard && item('link', 'Copy link', copyLink)}
        <Menu.Divider />
        {item('leave', 'Leave', () => actions.leave(entry), true)}
      </Menu.Dropdown>
    </Menu>
  )
}
