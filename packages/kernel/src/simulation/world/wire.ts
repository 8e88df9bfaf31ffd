import type { Clock } from '../../ports/clock.ts'
import type { Transport } from '../../ports/transport.ts'
import type { ClientTransport } from './network.ts'

/** A transport in both halves, which takes the connections of the simulated network for its own. */
export interface Wire {
  /**
   * The half of a node.
   *
   * @param carried to be told of each message that the node is handed
   */
  node(
    below: Transport,
    parts: { readonly clock: Clock; readonly carried: (message: string) => void },
  ): Transport
  /** The half of a client. */
  client(below: ClientTransport, clock: Clock): ClientTransport
}
