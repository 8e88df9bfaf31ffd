import type { Accept, Flags, Relay, Transport } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'

/** A wire of another product: it takes no new connections while the flag `externalIntegrations` is off. */
export function switchable(transport: Transport, flags: Flags): Transport {
  const over =
    (accept: Accept): Accept =>
    (connection, handshake) => {
      if (!flags.isOn('externalIntegrations'))
        throw new ParleyError('disabled', 'The feature flag `externalIntegrations` is off.')
      return accept(connection, handshake)
    }
  const { answer } = transport
  return {
    name: transport.name,
    start: (accept: Accept, relay?: Relay) => transport.start(over(accept), relay),
    ...(answer === undefined ? {} : { answer: (question: string) => answer.call(transport, question) }),
    stop: () => transport.stop(),
  }
}
