import type { ChannelEvent, Position, SubscribeResult } from '@parley/protocol'
import type { TestClient } from '../testing/test-client.ts'
import { type TestNode, testToken } from '../testing/test-node.ts'
import type { Oracle } from './oracle.ts'

interface Pending {
  readonly channel: string
  readonly number: number
  readonly key: string
}

interface Reading {
  /** Events since the last break; offsets follow one another. */
  events: ChannelEvent[]
  /** Offset before the first of them. */
  from: number
  position: Position | undefined
}

/**
 * A client as PROTOCOL.md describes it, at its simplest: keeps positions and unanswered publishes, and after a
 * reconnect subscribes from its positions and repeats the publishes in their order with their keys.
 */
export class SimulatedClient {
  readonly name: string
  readonly readings = new Map<string, Reading>()
  readonly faults: string[] = []
  recovered = 0
  unrecovered = 0
  #wire: TestClient | undefined
  #taken = 0
  #mustReconnect = false
  #pending: Pending[] = []
  #posted: { readonly id: number; readonly pending: Pending }[] = []
  #subscribed: { readonly id: number; readonly channel: string }[] = []
  #nextNumber: number
  readonly #oracle: Oracle

  constructor(index: number, oracle: Oracle) {
    this.name = `client-${index}`
    this.#nextNumber = index
    this.#oracle = oracle
  }

  get isConnected(): boolean {
    return this.#wire !== undefined && this.#wire.closeCode === undefined
  }

  get unanswered(): number {
    return this.#pending.length
  }

  get connection(): TestClient['wire'] | undefined {
    return this.#wire?.wire
  }

  connect(world: TestNode): void {
    this.#lose()
    const wire = world.stranger()
    this.#wire = wire
    this.#taken = 0
    this.#mustReconnect = false
    wire.post({ op: 'connect', token: testToken(this.name) })
    for (const [channel, reading] of this.readings) this.#subscribe(channel, reading)
    for (const pending of this.#pending) this.#post(pending)
  }

  listen(channel: string): void {
    if (this.readings.has(channel)) return
    const reading: Reading = { events: [], from: 0, position: undefined }
    this.readings.set(channel, reading)
    if (this.isConnected) this.#subscribe(channel, reading)
  }

  publish(channel: string): void {
    const number = this.#nextNumber
    this.#nextNumber += 1_000
    const pending = { channel, number, key: `${this.name}-${number}` }
    this.#oracle.sent(channel, number)
    this.#pending.push(pending)
    if (this.isConnected) this.#post(pending)
  }

  /** Takes in what has arrived. Answers whether anything went wrong that a reconnect must mend. */
  poll(): boolean {
    const wire = this.#wire
    if (wire === undefined) return true
    this.faults.push(...wire.faults.splice(0))
    this.#takeSubscriptions(wire)
    for (const event of wire.events.splice(0)) {
      const reading = this.readings.get(event.channel)
      reading?.events.push(event)
      if (reading?.position !== undefined)
        reading.position = { epoch: reading.position.epoch, offset: event.offset }
    }
    if (this.#takeAcks(wire) || this.#wasUnsubscribed(wire)) this.#mustReconnect = true
    return this.#mustReconnect || wire.closeCode !== undefined
  }

  #takeSubscriptions(wire: TestClient): void {
    this.#subscribed = this.#subscribed.filter(({ id, channel }) => {
      if (!wire.hasReply(id)) return true
      const { ok, error } = wire.reply(id) as { ok?: SubscribeResult; error?: { code: string } }
      const reading = this.readings.get(channel) as Reading
      if (ok === undefined) this.faults.push(`${this.name} could not subscribe to ${channel}: ${error?.code}`)
      else this.#start(channel, reading, ok)
      return false
    })
  }

  #start(channel: string, reading: Reading, result: SubscribeResult): void {
    const before = reading.position
    if (result.recovered === true) this.recovered += 1
    if (result.recovered === true && before?.offset !== result.position.offset)
      this.faults.push(
        `${this.name} recovered ${channel} at ${result.position.offset} instead of ${before?.offset}`,
      )
    if (result.recovered === false) this.unrecovered += 1
    if (result.recovered !== true) {
      // A break: the application would load a snapshot. What was read up to here is judged by itself.
      reading.events = []
      reading.from = result.position.offset
    }
    reading.position = result.position
  }

  /** Answers whether something has to be sent again. */
  #takeAcks(wire: TestClient): boolean {
    let again = false
    this.#posted = this.#posted.filter(({ id, pending }) => {
      if (!wire.hasReply(id)) return true
      const { ok, error } = wire.reply(id) as { ok?: Position; error?: { code: string; retryable: boolean } }
      if (ok !== undefined) {
        this.#oracle.acked(pending.channel, pending.number, ok)
        this.#pending = this.#pending.filter((other) => other !== pending)
      } else if (error?.retryable === true) {
        again = true
        this.#oracle.refused(pending.number)
      } else this.faults.push(`${this.name} was refused: ${error?.code}`)
      return false
    })
    return again
  }

  #wasUnsubscribed(wire: TestClient): boolean {
    const frames = wire.frames.slice(this.#taken)
    this.#taken = wire.frames.length
    return frames.some((frame) => frame.op === 'unsubscribed')
  }

  #subscribe(channel: string, reading: Reading): void {
    const id = (this.#wire as TestClient).post({
      op: 'subscribe',
      channel,
      ...(reading.position === undefined ? {} : { from: reading.position }),
    })
    this.#subscribed.push({ id, channel })
  }

  #post(pending: Pending): void {
    const { channel, number, key } = pending
    const id = (this.#wire as TestClient).post({
      op: 'call',
      command: 'test.publish',
      input: { channel, data: number, id: key },
      key,
    })
    this.#posted.push({ id, pending })
  }

  #lose(): void {
    if (this.#wire === undefined) return
    this.poll()
    this.#wire.wire.drop()
    this.#wire = undefined
    this.#posted = []
    this.#subscribed = []
  }
}
