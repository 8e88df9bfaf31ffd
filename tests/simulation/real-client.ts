import { type Client, createClient } from '@parley/client'
import { createOutbox, type DurableOutbox, type OutboxOptions } from '@parley/client/outbox'
import { sharedConnection } from '@parley/client/tabs'
import type { ClientFactory, ClientParts } from '@parley/kernel/simulation'
import type { ParleyError } from '@parley/protocol'

/** The client that applications use, on simulated time over a simulated network. */
export const realClient: ClientFactory = (parts) => {
  const options = {
    url: 'http://simulated.test',
    ...parts,
    // Faults may last for long; whoever looks on wants to see everything come back.
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    network: parts.page?.network ?? { online: () => true, watch: () => () => undefined },
  }
  const { page, user } = parts
  const hearers: ((error: ParleyError) => void)[] = []
  const onProblem = (error: ParleyError): void => {
    for (const hear of hearers) hear(error)
  }
  const shared =
    page === undefined ? undefined : sharedConnection({ ...options, user, tabs: page, onProblem })
  const client = createClient(shared?.options ?? options)
  const outbox = outboxOf(client, parts, parts.store === undefined ? undefined : shared?.turns())
  return {
    outbox,
    get isLeader() {
      return shared?.isLeader ?? true
    },
    get status() {
      return client.status
    },
    connect: () => client.connect(),
    disconnect() {
      void outbox?.close()
      client.disconnect()
      shared?.close()
    },
    call: (command, input, options) => client.call(command, input as never, options) as Promise<unknown>,
    subscribe: (channel, options) => client.subscribe(channel, options),
    onError(handler) {
      hearers.push(handler)
      client.on('error', handler)
    },
  }
}

function outboxOf(
  client: Client,
  { store, user, clock }: ClientParts,
  turns: OutboxOptions['turns'],
): DurableOutbox | undefined {
  if (store === undefined) return undefined
  const load = () => store.load() as ReturnType<OutboxOptions['store']['load']>
  return createOutbox({ client, user, clock, turns, store: { ...store, load } })
}
