import type { Client } from '@parley/client'

/** Writes everything that happens to a connection, for the console of a browser. Not for production. */
export function debugEvents(client: Client, write: (line: string) => void = console.debug): () => void {
  const ends = [
    client.on('status', (status) => write(`[WebSocket Debug] ${status}`)),
    client.on('reconnecting', ({ attempt, delayMs }) =>
      write(`[WebSocket Debug] attempt ${attempt} in ${delayMs} ms`),
    ),
    client.on('disconnect', ({ code, reason }) => write(`[WebSocket Debug] closed with ${code} ${reason}`)),
    client.on('unsubscribed', ({ channel, code }) => write(`[WebSocket Debug] ${channel} ended: ${code}`)),
    client.on('error', ({ code, message }) => write(`[WebSocket Debug] ${code}: ${message}`)),
  ]
  return () => {
    for (const end of ends) end()
  }
}
