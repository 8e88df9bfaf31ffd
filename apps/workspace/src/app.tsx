import {
  Crash,
  keptOnDevice,
  keptWithTab,
  SessionStore,
  SignInPage,
  ThemeProvider,
  tokenSource,
} from '@parley/look'
import { RealtimeProvider } from '@parley/react'
import { useState, useSyncExternalStore } from 'react'
import { takeJoinPath } from './address/use-place.ts'
import { Workspace } from './shell/workspace.tsx'

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
          <RealtimeProvider
            key={session.user}
            url={`${location.origin}/ws`}
            getToken={getToken}
            name="@parley/workspace"
          >
            <Workspace session={session} onSignOut={store.end} />
          </RealtimeProvider>
        )}
      </Crash>
    </ThemeProvider>
  )
}
