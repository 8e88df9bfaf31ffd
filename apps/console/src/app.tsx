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
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useState, useSyncExternalStore } from 'react'
import { makeQueries } from './data/queries.ts'
import { makeRouter } from './routes.tsx'
import { SignedIn } from './shell/signed-in.tsx'

const lead = 'What this server does, who is connected, and why something happened. For who runs it.'

/** The whole console: signed in or not. */
export function App() {
  const [store] = useState(
    () => new SessionStore({ tab: keptWithTab, device: keptOnDevice }, 'parley.console-session'),
  )
  const [getToken] = useState(() => tokenSource(store, 'operator'))
  const [router] = useState(makeRouter)
  const [queries] = useState(makeQueries)
  const session = useSyncExternalStore(store.watch, store.current)
  return (
    <ThemeProvider>
      <Crash>
        {session === undefined ? (
          <SignInPage store={store} title="Parley console" lead={lead} signsInAs="operator" />
        ) : (
          <QueryClientProvider client={queries}>
            <RealtimeProvider
              key={session.name}
              url={`${location.origin}/ws`}
              getToken={getToken}
              name="@parley/console"
            >
              <SignedIn
                session={session}
                onSignOut={(reason) => {
                  queries.clear()
                  store.end(reason)
                }}
              >
                <RouterProvider router={router} />
              </SignedIn>
            </RealtimeProvider>
          </QueryClientProvider>
        )}
      </Crash>
    </ThemeProvider>
  )
}
