import type { BroadcastAcks } from './acks.ts'
import type { ClusterCalls } from './cluster-calls.ts'
import type { RoomEvent } from './emission.ts'
import type { Gate } from './gate.ts'

/** What the namespaces of a server share. */
export interface ServerCore {
  readonly gate: Gate
  readonly calls: ClusterCalls
  readonly acks: BroadcastAcks
  /** Sockets that were away are given what they missed. */
  readonly hasRecovery: boolean
  /** Middleware is asked about sockets that come back too. */
  readonly asksOnReturn: boolean
  /** Credentials by which the sockets of this server are known to its node. */
  readonly token: string
  publish(event: RoomEvent): void
  /** Fulfilled when all that was published so far has its place. */
  published(): Promise<unknown>
}
