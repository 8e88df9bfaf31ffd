import { VisuallyHidden } from '@mantine/core'
import type { Session } from '@parley/look'
import { RealtimeProvider } from '@parley/react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { replaceWith, usePlace } from '../address/use-place.ts'
import { ConnectionBanner } from '../connection/connection-banner.tsx'
import type { OpenConnection } from '../connection/open-connection.ts'
import { ConversationList } from '../conversations/list/conversation-list.tsx'
import { Tour } from '../first-steps/tour/tour.tsx'
import { Announcer } from './announcements/announcer.tsx'
import { Attention } from './attention/attention.tsx'
import { BottomBar } from './bottom-bar.tsx'
import { createDesk, type Desk, DeskProvider } from './desk.ts'
import { DialogHost } from './dialogs/dialog-host.tsx'
import { PeopleNames } from './people-names.tsx'
import { Rail } from './rail.tsx'
import { Shortcuts } from './shortcuts/shortcuts.tsx'
import { Sight } from './sight.tsx'
import styles from './workspace.module.css'

interface WorkspaceProps {
  readonly session: Session
  readonly connection: OpenConnection
  /** @param reason what the person has to know; absent when they want to go */
  readonly onSignOut: (reason?: string) => void
}

/** Everything behind the sign-in. */
export function Workspace({ session, connection, onSignOut }: WorkspaceProps) {
  const [desk] = useState(() => createDesk(connection, session))
  const place = usePlace()
  const isChat = desk.me !== undefined && place.page !== 'channels'
  const signOut = () => onSignOut()

  useWarning(desk)

  // A back end is in no conversation: it sees channels as they are.
  const isLost = desk.me === undefined && place.page !== 'channels' && place.page !== 'you'
  useEffect(() => {
    if (isLost) replaceWith({ page: 'channels' })
  }, [isLost])

  return (
    <DeskProvider value={desk}>
      <RealtimeProvider client={desk.client} user={desk.me} cache={desk.cache} outbox={desk.outbox}>
        <PeopleNames>
          <div className={styles.frame}>
            <ConnectionBanner waiting={desk.waiting} onSignIn={onSignOut} />
            <div className={styles.columns} data-page={place.page}>
              <Rail place={place} onSignOut={signOut} />
              <main className={styles.main}>
                <VisuallyHidden component="h1">Parley</VisuallyHidden>
                {isChat && (
                  <ConversationList open={place.page === 'conversation' ? place.channel : undefined} />
                )}
                <div className={styles.content} data-region="content" data-tour="content">
                  <Sight place={place} onSignOut={signOut} />
                </div>
              </main>
            </div>
            <BottomBar place={place} />
          </div>
          {desk.me !== undefined && (
            <>
              <Shortcuts />
              <Attention place={place} />
              <Tour />
            </>
          )}
          <DialogHost />
          <Announcer />
        </PeopleNames>
      </RealtimeProvider>
    </DeskProvider>
  )
}

/** A page with messages that are nowhere else is not closed without a question. */
function useWarning({ waiting }: Desk): void {
  const count = useSyncExternalStore(waiting.watch, waiting.atRisk)
  useEffect(() => {
    if (count === 0) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [count])
}
