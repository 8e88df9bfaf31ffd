import { createClient } from '@parley/client'
import { createOutbox } from '@parley/client/outbox'
import { type AsyncStorage, asyncStorageOutboxStore } from '@parley/client/outbox/async-storage'

/** What an application on a phone does, for the test to drive. */
Object.assign(globalThis, {
  startApp: (url: string, getToken: () => Promise<string>, storage: AsyncStorage) => {
    const client = createClient({
      ...{ url, getToken, reconnect: { baseMs: 20, capMs: 200 } },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
    })
    const outbox = createOutbox({ client, store: asyncStorageOutboxStore(storage, 'parley-outbox:ada') })
    const events: unknown[] = []
    return { client, outbox, events, listen: () => listen() }
    function listen() {
      return client.subscribe('chat:phone', { recent: 10, onEvent: ({ data }) => events.push(data) }).ready
    }
  },
})
