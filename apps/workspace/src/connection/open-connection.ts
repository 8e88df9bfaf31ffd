import { type Client, createClient, type GetToken } from '@parley/client'
import { type LocalCache, openCache } from '@parley/client/cache'
import { createOutbox, type DurableOutbox } from '@parley/client/outbox'
import { durableClient } from '@parley/client/outbox/client'
import { indexedDbOutboxStore } from '@parley/client/outbox/indexed-db'
import { sharedConnection } from '@parley/client/tabs'
import {
  fallbackTransport,
  pollingTransport,
  sseTransport,
  websocketTransport,
} from '@parley/client/transports'

/** What lies between this tab and the server. */
export interface OpenConnection {
  readonly client: Client
  /** Absent for the token of a back end. */
  readonly outbox?: DurableOutbox
  readonly cache?: LocalCache
  /** This tab goes: what waits stays for the next. */
  close(): void
  /** The person signs out: nothing stays on this device. */
  signOut(): Promise<void>
}

/** What a person writes: kept until the server has it. */
const writing = ['chat.send', 'channels.publish']
/** Raise it when what is cached has another form. */
const cacheVersion = '1'

/** Opens everything that a session needs; nothing connects before the client does. */
export async function openConnection(user: string | undefined, getToken: GetToken): Promise<OpenConnection> {
  const options = {
    url: `${location.origin}/ws`,
    getToken,
    name: '@parley/workspace',
    // People leave it open for days: it is to be there again by itself, however long the server was away.
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    transport: fallbackTransport([websocketTransport(), sseTransport(), pollingTransport()]),
  }
  if (user === undefined) {
    const client = createClient(options)
    return { client, close: () => client.disconnect(), signOut: async () => client.disconnect() }
  }
  const shared = sharedConnection({ ...options, user })
  const cache = await openCache({ name: `parley-cache:${user}`, version: cacheVersion })
  const client = createClient(shared.options)
  const store = indexedDbOutboxStore(`parley-outbox:${user}`)
  const outbox = createOutbox({ client, user, store, turns: shared.turns() })
  let isOver = false
  const end = async (leave: () => Promise<unknown>): Promise<void> => {
    if (isOver) return
    isOver = true
    client.disconnect()
    await leave()
    shared.close()
  }
  return {
    client: durableClient(client, outbox, writing),
    ...{ outbox, cache },
    close: () => void end(() => Promise.all([outbox.close(), cache.close()])),
    signOut: () => end(() => Promise.all([outbox.wipe(), cache.wipe()])),
  }
}
