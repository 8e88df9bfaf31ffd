import { ActionIcon, Menu } from '@mantine/core'
import { Icon } from '@parley/look'
import type { Availability, Membership } from '@parley/react'
import type { Entry } from '../../conversations/list/sections.ts'
import { useDirect } from '../../people/use-direct.ts'
import { Avatar, wordsOf } from '../../presence/avatar.tsx'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import { mayDoAbout, roleWords } from './may.ts'
import styles from './members-panel.module.css'

interface MemberRowProps {
  readonly entry: Entry
  readonly member: Membership
  readonly availability: Availability
}

/** A member, and what the reader may do about them. */
export function MemberRow({ entry, member, availability }: MemberRowProps) {
  const { me } = useDesk()
  const nameOf = useNames()
  const { user, role } = member
  const name = nameOf(user)
  return (
    <div className={styles.member}>
      <Avatar id={user} name={name} presence={availability} />
      <span className={styles.words}>
        <span className={styles.name}>
          <bdi>{name}</bdi>
          {user === me && <span className={styles.me}> (you)</span>}
        </span>
        <span className={styles.facts}>
          {role === 'member' ? wordsOf(availability) : `${roleWords[role]} · ${wordsOf(availability)}`}
        </span>
      </span>
      {user !== me && <MemberMenu entry={entry} member={member} name={name} />}
    </div>
  )
}

function MemberMenu({
  entry,
  member,
  name,
}: Pick<MemberRowProps, 'entry' | 'member'> & { readonly name: string }) {
  const { client, announcements, dialogs } = useDesk()
  const openDirect = useDirect()
  const { conversation, title } = entry
  const { user } = member
  const { channel } = conversation
  const { roles, remove } = mayDoAbout(member, conversation.mine, false)
  const setRole = (role: Membership['role']) =>
    void announcements.about(client.chat.setRole({ channel, user, role }), {
      done: `${name} is ${role === 'member' ? 'a member' : `an ${role}`} of “${title}” now.`,
      failed: `The role of ${name} was not changed.`,
    })
  const takeOut = (ban: boolean) =>
    dialogs.ask({
      title: ban ? `Ban ${name} from “${title}”?` : `Remove ${name} from “${title}”?`,
      text: ban
        ? 'They are taken out at once on every device, and come back only when they are invited again.'
        : 'They are taken out at once on every device. What they wrote stays.',
      action: ban ? 'Ban' : 'Remove',
      isDanger: true,
      failed: `${name} is still in “${title}”.`,
      run: () => client.chat.removeMember({ channel, user, ...(ban ? { ban } : {}) }),
    })
  return (
    <Menu position="bottom-end" withinPortal shadow="md" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="quiet" size={32} aria-label={`More about ${name}`}>
          <Icon name="more" size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="messages" size={16} />} onClick={() => openDirect(user)}>
          Write to {name}
        </Menu.Item>
        {roles.length > 0 && <Menu.Divider />}
        {roles.map((role) => (
          <Menu.Item key={role} leftSection={<Icon name="people" size={16} />} onClick={() => setRole(role)}>
            Make {roleWords[role].toLowerCase()}
          </Menu.Item>
        ))}
        {remove && (
          <>
            <Menu.Divider />
            <Menu.Item
              color="danger"
              leftSection={<Icon name="leave" size={16} />}
              onClick={() => takeOut(false)}
            >
              Remove
            </Menu.Item>
            <Menu.Item
              color="danger"
              leftSection={<Icon name="block" size={16} />}
              onClick={() => takeOut(true)}
            >
              Ban
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
