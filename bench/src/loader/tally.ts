import { Latencies } from './latency.ts'
import { noteLatencies } from './payload.ts'

/** What all connections of a loader have seen together. */
export class Tally {
  deliveries = 0
  acks = 0
  /** Publishes that were refused. */
  refused = 0
  /** Deliveries that did not follow the one before. */
  gaps = 0
  /** First thing that went wrong, in words. */
  problem: string | undefined
  readonly latencies = new Latencies()
  /** Notes in `latencies` how old the payloads of a sampled frame are. */
  note: (frame: Buffer, into: Latencies) => void = noteLatencies
  /** Runs after every read, so that a closed loop can go on at once. */
  pump: (() => void) | undefined
  /** Runs for every ack. */
  acked: ((id: number) => void) | undefined

  refuse(what: string): void {
    this.refused += 1
    this.problem ??= what
  }
}
