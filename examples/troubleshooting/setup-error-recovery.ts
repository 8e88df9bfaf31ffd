import type { Client } from '@parley/client'

export interface Recovery {
  /** The user has to sign in again. */
  readonly signIn: () => void
  /** Nothing but a person can help: show it, with the page that explains it. */
  readonly explain: (message: string, page: string) => void
}

/** Acts on what ends a connection for good. Everything else the client mends by itself. Returns what ends it. */
export function setupErrorRecovery(client: Client, { signIn, explain }: Recovery): () => void {
  return client.on('disconnect', ({ willReconnect, error }) => {
    if (willReconnect || error === undefined) return
    if (['unauthenticated', 'token_revoked', 'token_expired'].includes(error.code)) signIn()
    else explain(error.message, String(new URL(error.help, client.url)))
  })
}
