import { type Client, createClient } from '@parley/client'

/** One client for the whole application. */
export function connectTo(url: string, getToken: () => Promise<string>): Client {
  const client = createClient({ url, getToken })
  client.on('error', ({ code, message, help }) => console.warn(`${code}: ${message} ${help}`))
  void client.connect().catch(() => undefined) // stops only for good, and has said why
  return client
}

/** Shows what happens to an order: what has been, then whatever comes. */
export function followOrder(client: Client, order: string, show: (status: string) => void): () => void {
  const subscription = client.subscribe(`order:${order}`, {
    recent: 20,
    onEvent: ({ type }) => show(type),
    onUnrecovered: () => show('Load the order again: more happened than is remembered.'),
  })
  return () => subscription.unsubscribe()
}
