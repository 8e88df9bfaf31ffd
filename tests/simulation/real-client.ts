import { createClient } from '@parley/client'
import type { ClientFactory } from '@parley/kernel/simulation'

/** The client that applications use, on simulated time over a simulated network. */
export const realClient: ClientFactory = (parts) => {
  const client = createClient({
    url: 'http://simulated.test',
    ...parts,
    // Faults may last for long; whoever looks on wants to see everything come back.
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
    network: { online: () => true, watch: () => () => undefined },
  })
  return {
    get status() {
      return client.status
    },
    connect: () => client.connect(),
    disconnect: () => client.disconnect(),
    call: (command, input, options) => client.call(command, input as never, options) as Promise<unknown>,
    subscribe: (channel, options) => client.subscribe(channel, options),
    onError: (handler) => void client.on('error', handler),
  }
}
