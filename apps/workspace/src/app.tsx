import {
  Crash,
  keptOnDevice,
  keptWithTab,
  SessionStore,
  SignInPage,
  ThemeProvider,
  tokenSource,
} from '@parley/look'
import { useState, useSyncExternalStore } from 'react'
import { takeJoinPath } from './address/use-place.ts'
import { Connected } from './connection/connected.tsx'
import type { OpenConnection } from './connection/open-connection.ts'
import { Workspace } from './shell/workspace.tsx'

/** Who signs out leaves nothing; who has to sign in again finds what they have written. */
async function leave(connection: OpenConnection, reason: string | undefined): Promise<void> {
  if (reason === undefined) await connection.signOut()
}

/** The whole application: signed in or not. */
export function App() {
  useState(takeJoinPath)
  const [store] = useState(() => new SessionStore({ tab: keptWithTab, device: keptOnDevice }))
  const [getToken] = useState(() => tokenSource(store))
  const session = useSyncExternalStore(store.watch, store.current)
  return (
    <ThemeProvider>
      <Crash>
        {session === undefined ? (
          <SignInPage
            store={store}
            title="Parley"
            lead="Conversations in which nothing is lost. Sign in to read and to write."
          />
        ) : (
          <Connected key={session.user} user={session.user} getToken={getToken}>
            {(connection) => (
              <Workspace
                session={session}
                connection={connection}
                onSignOut={(reason) => void leave(connection, reason).then(() => store.end(reason))}
              />
            )}
          </Connected>
        )}
      </Crash>
    </ThemeProvider>
  )
}
