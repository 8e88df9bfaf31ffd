import { RealtimeClient } from '@parley/client/realtime'

interface Messages {
  'document:update': { documentId: string; changes: readonly { op: 'insert'; text: string }[] }
  alarm: { text: string }
}

/** Works on a document in a room, by whatever transport gets through. */
export async function workOn(url: string, token: string, show: (text: string) => void) {
  const client = new RealtimeClient<Messages>({
    url,
    connectionType: 'websocket',
    fallbackTypes: ['sse', 'polling'],
    authentication: { token },
  })
  client.subscribe('document:update', ({ payload, roomId, sender }) => {
    for (const { text } of payload.changes) show(`${roomId} ${payload.documentId} ${sender}: ${text}`)
  })
  client.subscribe('alarm', ({ payload, priority }) => show(`${priority}: ${payload.text}`))
  await client.connect()
  await client.joinRoom('project-alpha')
  const insert = (text: string) =>
    client.sendToRoom('project-alpha', 'document:update', {
      documentId: 'doc-123',
      changes: [{ op: 'insert', text }],
    })
  const warn = (text: string) =>
    client.sendToRoom('project-alpha', 'alarm', { text }, { priority: 'critical' })
  return { client, insert, warn }
}
