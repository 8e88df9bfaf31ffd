import { Button, TextInput } from '@mantine/core'
import type { BuiltIn, OutputOfCommand } from '@parley/client'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAction, useAnswer } from '../data/use-answer.ts'
import { countWords } from '../data/words.ts'
import { Facts, Part } from '../page/facts.tsx'
import { SidePanel } from '../page/side-panel.tsx'
import { Ago } from '../table/ago.tsx'
import { Copyable } from '../table/copyable.tsx'
import { Listing } from '../table/listing.tsx'
import { type Column, Table } from '../table/table.tsx'
import { Tag } from '../table/tag.tsx'
import styles from './users.module.css'

type Session = OutputOfCommand<BuiltIn, 'channels.sessions'>['sessions'][number]

interface UserPanelProps {
  readonly user: string
  readonly onClose: () => void
}

const columns: readonly Column<Session>[] = [
  {
    label: 'Session',
    cell: ({ session, device }) => (
      <Link to="/connections" search={{ selected: session } as never} className={styles.link}>
        {device?.name ?? device?.id ?? `${session.slice(0, 12)}…`}
      </Link>
    ),
  },
  {
    label: 'State',
    cell: ({ connected }) =>
      connected ? <Tag tone="good">connected</Tag> : <Tag tone="warning">waiting</Tag>,
  },
  { label: 'Channels', cell: ({ channels }) => countWords(channels), isNumber: true },
  { label: 'Since', cell: ({ since }) => <Ago at={since} />, isNumber: true },
]

/** One user: sessions on all nodes, and what can be done about them. */
export function UserPanel({ user, onClose }: UserPanelProps) {
  const answer = useAnswer('channels.sessions', { user }, { everyMs: 5_000 })
  const sessions = answer.data?.sessions ?? []
  return (
    <SidePanel title={user} onClose={onClose}>
      <Facts facts={[['User', <Copyable key="user" text={user} what="user id" />]]} />
      <Part title="Sessions on all nodes">
        <Listing
          label="Sessions"
          answer={answer}
          isEmpty={sessions.length === 0}
          empty={{ text: 'This user has no session any more.' }}
        >
          <Table label="Sessions" rows={sessions} columns={columns} keyOf={({ session }) => session} />
        </Listing>
      </Part>
      <Ending user={user} />
    </SidePanel>
  )
}

type Wish = 'disconnect' | 'revoke'

const wishes = {
  disconnect: {
    button: 'Disconnect',
    question: 'All sessions of this user are ended now. Their tokens stay good: they may come back.',
    done: 'The sessions of this user were ended.',
  },
  revoke: {
    button: 'Revoke tokens',
    question:
      'All tokens issued until now are refused, and their sessions ended. The user has to sign in again.',
    done: 'Every token issued until now is revoked.',
  },
} as const

/** Ends what a user has here, after a second look. */
function Ending({ user }: { readonly user: string }) {
  const concerned = ['channels.sessions', 'operations.users', 'operations.connections'] as const
  const disconnect = useAction('channels.disconnect', concerned)
  const revoke = useAction('auth.revoke', [...concerned, 'auth.revocations'])
  const [wish, setWish] = useState<Wish>()
  const [done, setDone] = useState<Wish>()
  const [reason, setReason] = useState('')
  const action = wish === 'revoke' ? revoke : disconnect
  const because = reason.trim() === '' ? {} : { reason: reason.trim() }
  const carryOut = async () => {
    if (wish === 'revoke') await revoke.mutateAsync({ user, ...because })
    else await disconnect.mutateAsync({ user, ...because })
    setDone(wish)
    setWish(undefined)
  }
  const begin = (next: Wish) => {
    setDone(undefined)
    disconnect.reset()
    revoke.reset()
    setWish(next)
  }
  return (
    <Part title="Actions">
      {wish === undefined ? (
        <div className={styles.actions}>
          {(['disconnect', 'revoke'] as const).map((one) => (
            <Button key={one} variant="default" color="danger" onClick={() => begin(one)}>
              {wishes[one].button}
            </Button>
          ))}
        </div>
      ) : (
        <div className={styles.wish}>
          <p>{wishes[wish].question}</p>
          <TextInput
            label="Reason, for the record"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={200}
          />
          {action.error && <p role="alert">{action.error.message}</p>}
          <div className={styles.actions}>
            <Button
              color="danger"
              loading={action.isPending}
              onClick={() => void carryOut().catch(() => undefined)}
            >
              {wishes[wish].button}
            </Button>
            <Button variant="default" onClick={() => setWish(undefined)}>
              Cancel
            </Button>
          </div>
        </div>
      )}
      <p role="status">{done === undefined ? '' : wishes[done].done}</p>
    </Part>
  )
}
