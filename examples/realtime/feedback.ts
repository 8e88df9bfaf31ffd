import type { RealtimeClient } from '@parley/client/realtime'

/** Tells people what the connection does, in their words. Answers what ends it. */
export function tellPeople(client: RealtimeClient, tell: (words: string) => void): () => void {
  const stops = [
    client.on('connect', () => tell('Connected.')),
    client.on('disconnect', (reason, { willReconnect }) => {
      if (!willReconnect) tell(reason === 'auth_error' ? 'Sign in again.' : 'Disconnected.')
      else if (reason === 'server_error') tell('The server has a problem. Trying again in a moment.')
      else tell('The line broke. What you write is sent when it is back.')
    }),
    client.on('reconnecting', ({ attempt, delayMs }) => {
      if (attempt > 1) tell(`Attempt ${attempt} in ${Math.ceil(delayMs / 1000)} s.`)
    }),
    client.on('connection_failed', ({ error }) =>
      tell(error.code === 'NETWORK_ERROR' ? 'The server cannot be reached.' : error.message),
    ),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
