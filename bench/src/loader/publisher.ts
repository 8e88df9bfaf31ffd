import type { Connection } from './connection.ts'
import { stampedPayload } from './payload.ts'
import type { Wire } from './wire.ts'

/** Publishes into one channel over one connection, without asking for acks where the protocol allows that. */
export class Publisher {
  published = 0
  readonly #wire: Wire
  readonly #connection: Connection
  readonly #channel: string

  constructor(wire: Wire, connection: Connection, channel: string) {
    this.#wire = wire
    this.#connection = connection
    this.#channel = channel
  }

  publish(): void {
    this.published += 1
    const ack = { id: this.published, isWanted: false }
    this.#connection.send(this.#wire.publish(this.#channel, stampedPayload(), ack))
  }

  /** Publishes at a rate until stopped; what a late timer missed is made up for at once. */
  atRate(perSecond: number): () => void {
    const [began, before] = [performance.now(), this.published]
    const timer = setInterval(() => {
      const due = before + Math.floor(((performance.now() - began) * perSecond) / 1_000)
      while (this.published < due) this.publish()
    }, 1)
    return () => clearInterval(timer)
  }
}
