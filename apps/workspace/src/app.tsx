import { RealtimeProvider } from '@parley/react'
import { useState, useSyncExternalStore } from 'react'
import { takeJoinPath } from './address/use-place.ts'
import { keptOnDevice, keptWithTab } from './kept.ts'
import { Crash } from './shell/crash.tsx'
import { Workspace } from './shell/workspace.tsx'
import { tokenSource } from './sign-in/renewal.ts'
import { SessionStore } from './sign-in/session.ts'
import { SignInPage } from './sign-in/sign-in-page.tsx'
import { ThemeProvider } from './theme/theme-provider.tsx'

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
          <SignInPage store={store} />
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
