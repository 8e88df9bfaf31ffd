import { type Client, createClient } from '@parley/client'
import { createOutbox, type DurableOutbox, type OutboxOptions } from '@parley/client/outbox'
import type { ClientFactory, ClientParts } from '@parley/kernel/simulation'

/** The client that applications use, on simulated time over a simulated network. */
export const realClient: ClientFactory = (parts) => {
  const client = createClient({
    url: 'http://simulated.test',
    ...parts,
    // Faults may last for long; whoever looks on wants to see everything come back.
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    network: { online: () => true, watch: () => () => undefined },
  })
  const outbox = outboxOf(client, parts)
  return {
    outbox,
    get status() {
      return client.status
    },
    connect: () => client.connect(),
    disconnect() {
      void outbox?.close()
      client.disconnect()
    },
    call: (command, input, options) => client.call(command, input as never, options) as Promise<unknown>,
    subscribe: (channel, options) => client.subscribe(channel, options),
    onError: (handler) => void client.on('error', handler),
  }
}

function outboxOf(client: Client, { store, user, clock }: ClientParts): DurableOutbox | undefined {
  if (store === undefined) return undefined
  const load = () => store.load() as ReturnType<OutboxOptions['store']['load']>
  return createOutbox({ client, user, clock, store: { ...store, load } })
}
