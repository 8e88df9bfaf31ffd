import {
  type EnhancedWebSocketConnection,
  REALTIME_PRESETS,
  RealtimeBuilder,
  RealtimeClient,
} from './realtime.ts'

// Compiled, never run: what must compile does, and what must not is marked.

interface Messages {
  'chat:message': { text: string; userId?: string }
  'document:update': { documentId: string; changes: readonly { op: 'insert'; text: string }[] }
}

export async function typed(): Promise<void> {
  const client = new RealtimeClient<Messages>({
    url: '/realtime',
    connectionType: 'sse',
    fallbackTypes: ['polling'],
  })
  const { id, offset } = await client.send('chat:message', { text: 'Hello!' }, { priority: 'high' })
  id satisfies string
  offset satisfies number
  await client.sendToRoom('general', 'document:update', {
    documentId: 'd',
    changes: [{ op: 'insert', text: 'x' }],
  })
  // @ts-expect-error misspelt
  await client.send('chat:mesage', { text: 'x' })
  // @ts-expect-error a field is missing
  await client.sendToRoom('general', 'chat:message', {})
  // @ts-expect-error no such priority
  await client.send('chat:message', { text: 'x' }, { priority: 'very' })
  const stop = client.subscribe('chat:message', (message) => {
    message.type satisfies 'chat:message'
    message.payload.text satisfies string
    message.roomId satisfies string | undefined
    // @ts-expect-error no such field
    message.payload.body
  })
  stop()
  // @ts-expect-error misspelt
  client.subscribe('chat.message', () => undefined)
}

export function lifecycle(client: RealtimeClient, connection: EnhancedWebSocketConnection<Messages>): void {
  client.on('error', (error) => error.code satisfies string)
  client.on('disconnect', (reason, { willReconnect }) => {
    if (reason === 'server_error') willReconnect satisfies boolean
    // @ts-expect-error no such reason
    if (reason === 'servererror') return
  })
  // @ts-expect-error misspelt
  client.on('disconected', () => undefined)
  const { connectionType, isConnected, subscriptions } = client.getConnectionInfo()
  connectionType satisfies 'websocket' | 'socket.io' | 'sse' | 'http2' | 'polling'
  isConnected satisfies boolean
  subscriptions satisfies readonly string[]
  client.status satisfies 'connected' | 'connecting' | 'disconnected'
  connection.id satisfies string
}

export function untyped(): void {
  const client = RealtimeBuilder.createWebSocketClient('ws://127.0.0.1:3001/realtime')
  client.subscribe('anything', ({ payload }) => payload satisfies unknown)
  void client.send('anything', { at: 'all' })
  const { client: chat } = REALTIME_PRESETS.CHAT<Messages>('https://example.org')
  // @ts-expect-error misspelt
  void chat.send('chat:mesage', { text: 'x' })
  // @ts-expect-error no such transport
  new RealtimeClient({ url: '/', connectionType: 'carrier-pigeon' })
}
