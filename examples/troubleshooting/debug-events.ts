import type { Client } from '@parley/client'

/** Writes everything that happens to a connection, for the console of a browser. Not for production. */
export function debugEvents(client: Client, write: (line: string) => void = console.debug): () => void {
  const ends = [
    client.on('status', (status) => write(`[Parley] ${status}`)),
    client.on('reconnecting', ({ attempt, delayMs }) =>
      write(`[Parley] attempt ${attempt} in ${delayMs} ms`),
    ),
    client.on('disconnect', ({ code, reason }) => write(`[Parley] closed with ${code} ${reason}`)),
    client.on('unsubscribed', ({ channel, code }) => write(`[Parley] ${channel} ended: ${code}`)),
    client.on('error', ({ code, message }) => write(`[Parley] ${code}: ${message}`)),
  ]
  return () => {
    for (const end of ends) end()
  }
}
