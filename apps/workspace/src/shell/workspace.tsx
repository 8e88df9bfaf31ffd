import { VisuallyHidden } from '@mantine/core'
import { useClient } from '@parley/react'
import { Activity, lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react'
import { closeChannel, openChannel, partsOf, useOpenChannel } from '../channels/address.ts'
import { ChannelList } from '../channels/channel-list.tsx'
import { useKinds } from '../channels/kinds.ts'
import { useFollowing } from '../channels/use-following.ts'
import { ConnectionBanner } from '../connection/connection-banner.tsx'
import { Conversation } from '../messages/conversation.tsx'
import type { Session } from '../sign-in/session.ts'
import { Empty } from '../states/empty.tsx'
import { Account } from './account.tsx'
import { BottomBar, type View } from './bottom-bar.tsx'
import { createDesk, DeskProvider } from './desk.ts'
import { Rail } from './rail.tsx'
import { useOpened } from './use-opened.ts'
import { useSidePanel } from './use-side-panel.ts'
import styles from './workspace.module.css'

const NewChannel = lazy(async () => ({ default: (await import('../channels/new-channel.tsx')).NewChannel }))

interface WorkspaceProps {
  readonly session: Session
  /** @param reason what the person has to know; absent when they want to go */
  readonly onSignOut: (reason?: string) => void
}

/** Everything behind the sign-in: channels, messages, people. */
export function Workspace({ session, onSignOut }: WorkspaceProps) {
  const client = useClient()
  const [desk] = useState(() => createDesk(client, session))
  const kinds = useKinds()
  const open = useOpenChannel()
  const [view, setView] = useState<View>(open === undefined ? 'channels' : 'messages')
  const [isMaking, setMaking] = useState(false)
  const panel = useSidePanel(view, setView)
  const { opened, attempts, startOver, forget } = useOpened(open)

  useFollowing(desk, open)
  useFirstChannel(desk, kinds.kinds)
  useWarning(desk)

  // By whichever way a channel was opened, its messages are what is wanted.
  useEffect(() => {
    if (open !== undefined) setView('messages')
  }, [open])

  const show = (channel: string) => {
    desk.book.add(channel)
    openChannel(channel)
    setMaking(false)
    setView('messages')
  }
  const remove = (channel: string) => {
    desk.book.remove(channel)
    forget(channel)
    closeChannel()
    setView('channels')
  }

  return (
    <DeskProvider value={desk}>
      <div className={styles.frame}>
        <ConnectionBanner waiting={desk.waiting} onSignIn={onSignOut} />
        <div className={styles.columns}>
          <Rail onSignOut={() => onSignOut()} />
          <main className={styles.parts} data-view={view}>
            <VisuallyHidden component="h1">Parley</VisuallyHidden>
            <ChannelList kinds={kinds} open={open} onOpen={show} onNew={() => setMaking(true)} />
            {opened.map((channel) => (
              <Activity key={channel} mode={channel === open ? 'visible' : 'hidden'}>
                <Conversation
                  key={attempts.get(channel)}
                  channel={channel}
                  kind={kinds.kinds?.find(({ name }) => name === partsOf(channel).kind)}
                  isPanelOpen={panel.isOpen}
                  onTogglePanel={panel.toggle}
                  onBack={() => setView('channels')}
                  onRemove={() => remove(channel)}
                  onStartOver={() => startOver(channel)}
                />
              </Activity>
            ))}
            {open === undefined && (
              <section className={styles.nothing} data-part="messages" aria-label="Messages">
                <Empty text="Choose a channel from the list, or make a new one." />
              </section>
            )}
            <section className={styles.you} data-part="you" aria-label="You">
              <Account onSignOut={() => onSignOut()} />
            </section>
          </main>
        </div>
        <BottomBar view={view} onView={setView} hasChannel={open !== undefined} />
      </div>
      {kinds.kinds && (
        <Suspense>
          {isMaking && (
            <NewChannel kinds={kinds.kinds} isOpen onClose={() => setMaking(false)} onMake={show} />
          )}
        </Suspense>
      )}
    </DeskProvider>
  )
}

type Desk = ReturnType<typeof createDesk>

const first = 'chat:general'

/** Somebody who is here for the first time finds a channel to begin with. */
function useFirstChannel({ book }: Desk, kinds: ReturnType<typeof useKinds>['kinds']): void {
  useEffect(() => {
    if (
      book.list().length > 0 ||
      !kinds?.some(({ name, writable }) => name === partsOf(first).kind && writable)
    )
      return
    book.add(first)
    if (location.hash === '') openChannel(first)
  }, [book, kinds])
}

/** A page with messages that the server does not have yet is not closed without a question. */
function useWarning({ waiting }: Desk): void {
  const count = useSyncExternalStore(waiting.watch, waiting.count)
  useEffect(() => {
    if (count === 0) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [count])
}
