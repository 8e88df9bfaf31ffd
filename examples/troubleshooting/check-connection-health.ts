import type { Client } from '@parley/client'

/** What a support engineer asks first. */
export interface ConnectionHealth {
  readonly status: string
  readonly isOnline: boolean
  readonly session: string | undefined
  /** The round trip of a call, in milliseconds; undefined when nothing came back. */
  readonly roundTripMs: number | undefined
  /** What to do, when something is wrong. */
  readonly advice: string | undefined
}

/** Asks the connection how it is. */
export async function checkConnectionHealth(client: Client, timeoutMs = 5_000): Promise<ConnectionHealth> {
  const { status, online, session, error } = client.connection
  const roundTripMs = status === 'connected' ? await roundTrip(client, timeoutMs) : undefined
  return {
    status,
    isOnline: online,
    session,
    roundTripMs,
    advice: adviceFor(client, roundTripMs, error?.help),
  }
}

async function roundTrip(client: Client, timeoutMs: number): Promise<number | undefined> {
  const started = performance.now()
  try {
    await client.auth.whoami({}, { timeoutMs })
    return performance.now() - started
  } catch {
    return undefined
  }
}

function adviceFor(
  client: Client,
  roundTripMs: number | undefined,
  help: string | undefined,
): string | undefined {
  const { status, online } = client.connection
  if (!online) return 'This device has no network. Calls wait, and are sent when it is back.'
  if (help !== undefined) return `The client has stopped for good. Read ${new URL(help, client.url)}.`
  if (status === 'disconnected') return 'Call connect(): nobody has asked for a connection.'
  if (status === 'connecting')
    return 'The server is not reached. Is it running, and does the proxy let WebSockets through?'
  if (roundTripMs === undefined)
    return 'The connection is open and nothing comes back: the link is dead or the server stands still.'
  return roundTripMs > 1_000 ? 'The link is slow: look at the network before the server.' : undefined
}
