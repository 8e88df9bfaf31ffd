import { createClient, type Network } from '@parley/client'
import { createOutbox } from '@parley/client/outbox'
import { type AsyncStorage, asyncStorageOutboxStore } from '@parley/client/outbox/async-storage'

/** The part of React Native's `AppState` that an application asks. */
export interface AppState {
  readonly currentState: string
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void }
}

/** As in the README of the client. */
const networkOf = (appState: AppState): Network => ({
  online: () => true,
  hidden: () => appState.currentState !== 'active',
  watch(notice) {
    const listening = appState.addEventListener('change', (state) =>
      notice(state === 'active' ? 'visible' : 'hidden'),
    )
    return () => listening.remove()
  },
})

/** What an application on a phone does, for the test to drive. */
Object.assign(globalThis, {
  startApp: (url: string, getToken: () => Promise<string>, storage: AsyncStorage, appState: AppState) => {
    const client = createClient({
      ...{ url, getToken, reconnect: { baseMs: 20, capMs: 200 } },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      ...{ network: networkOf(appState), heartbeat: { hiddenIntervalMs: 120_000 } },
    })
    const outbox = createOutbox({ client, store: asyncStorageOutboxStore(storage, 'parley-outbox:ada') })
    const events: unknown[] = []
    return { client, outbox, events, listen: () => listen() }
    function listen() {
      return client.subscribe('chat:phone', { recent: 10, onEvent: ({ data }) => events.push(data) }).ready
    }
  },
})
