import { RealtimeBuilder } from '@parley/client/realtime'

interface Messages {
  'chat:message': { readonly text: string; readonly userId: string }
}

/** A chat for everyone: hears it, and answers what says something. */
export async function openChat(url: string, token: string, show: (line: string) => void) {
  const client = RealtimeBuilder.createWebSocketClient<Messages>(url, { authentication: { token } })
  client.subscribe('chat:message', ({ payload }) => show(`${payload.userId}: ${payload.text}`))
  await client.connect()
  return {
    say: (text: string) => client.send('chat:message', { text, userId: 'user123' }),
    close: () => client.disconnect(),
  }
}
