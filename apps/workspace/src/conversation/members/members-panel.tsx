import { Button, TextInput } from '@mantine/core'
import { Empty, Failure, Icon, Skeleton } from '@parley/look'
import { useMembers, usePresence } from '@parley/react'
import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import type { Entry } from '../../conversations/list/sections.ts'
import { useNames } from '../../presence/use-names.ts'
import { useDesk } from '../../shell/desk.ts'
import { SidePanel } from '../../shell/page/side-panel.tsx'
import { MemberRow } from './member-row.tsx'
import styles from './members-panel.module.css'

interface MembersPanelProps {
  readonly entry: Entry
  readonly onClose: () => void
}

/** Who is in the conversation, in which role, and what may be done about it. */
export function MembersPanel({ entry, onClose }: MembersPanelProps) {
  const { dialogs } = useDesk()
  const { conversation } = entry
  const mayInvite = conversation.mine !== undefined && conversation.type !== 'direct'
  return (
    <SidePanel title={`Members (${conversation.members})`} onClose={onClose}>
      {mayInvite && (
        <Button
          variant="default"
          leftSection={<Icon name="plus" size={16} />}
          onClick={() => dialogs.show({ kind: 'invite', conversation })}
        >
          Invite people
        </Button>
      )}
      <Members entry={entry} />
    </SidePanel>
  )
}

/** Presence is followed for so many; beyond, it would be a flood. */
const mostWatched = 100

function Members({ entry }: Pick<MembersPanelProps, 'entry'>) {
  const { conversation } = entry
  const { members, status, error, hasMore, loadMore } = useMembers(conversation.channel)
  const nameOf = useNames()
  const [typed, setTyped] = useState('')
  const wanted = useDeferredValue(typed).trim().toLowerCase()
  const shown = useMemo(
    () => members.filter(({ user }) => `${user} ${nameOf(user)}`.toLowerCase().includes(wanted)),
    [members, nameOf, wanted],
  )
  const watched = useMemo(() => shown.slice(0, mostWatched).map(({ user }) => user), [shown])
  const presence = usePresence(watched)

  // Whoever is looked for may be on a later page.
  const isLooking = wanted !== '' && hasMore && status === 'ready'
  useEffect(() => {
    if (isLooking) void loadMore().catch(() => undefined)
  }, [isLooking, loadMore])

  if (members.length === 0 && status === 'failed')
    return <Failure title="Members could not be read" message={error?.message ?? ''} />
  if (members.length === 0 && status !== 'ready') return <Skeleton label="Reading the members" shape="rows" />
  return (
    <div className={styles.members}>
      <TextInput
        aria-label="Find a member"
        placeholder="Find a member"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        leftSection={<Icon name="search" size={16} />}
      />
      {shown.length === 0 && !hasMore && <Empty text={`No member is called “${wanted}”.`} />}
      <ul>
        {shown.map((member) => (
          <li key={member.user}>
            <MemberRow entry={entry} member={member} availability={presence.of(member.user).availability} />
          </li>
        ))}
      </ul>
      {hasMore && (
        <Button variant="default" size="compact-md" onClick={() => void loadMore().catch(() => undefined)}>
          Show more
        </Button>
      )}
    </div>
  )
}
