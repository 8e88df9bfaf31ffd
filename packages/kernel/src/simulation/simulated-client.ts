import {
  type ChannelEvent,
  type ConnectResult,
  type ErrorBody,
  type EventsFrame,
  expandEvents,
  type Position,
  type ReplyFrame,
  type ServerFrame,
  type SubscribeResult,
} from '@parley/protocol'
import type { TestClient } from '../testing/test-client.ts'
import { type TestNode, testToken } from '../testing/test-node.ts'
import type { Oracle } from './oracle.ts'

interface Pending {
  readonly channel: string
  readonly number: number
  readonly key: string
}

/** A channel that the client follows, over all its connections. */
interface Reading {
  readonly channel: string
  /** Wants every other event only, and has the server filter. */
  readonly isFiltered: boolean
  /** Events since the last break. */
  events: ChannelEvent[]
  /** Offset before the first of them. */
  from: number
  position: Position | undefined
  /** Between `unsubscribe` and the next verdict nothing counts. */
  isDeaf: boolean
}

type Request =
  | { readonly what: 'subscribe'; readonly reading: Reading }
  | { readonly what: 'publish'; readonly pending: Pending }
  | { readonly what: 'mood'; readonly channel: string; readonly value: number }

const half: Readonly<Record<string, unknown>> = { field: 'tags.half', eq: 'even' }
const isEven = (number: number): boolean => Math.floor(number / 1_000) % 2 === 0

/**
 * A client as PROTOCOL.md describes it, at its simplest: keeps positions and unanswered publishes, follows the rule of
 * §6.3 for events, and after a reconnect subscribes from its positions and repeats the publishes in their order with
 * their keys. Every other connection resumes the session.
 */
export class SimulatedClient {
  readonly name: string
  readonly readings = new Map<string, Reading>()
  /** What it last set in the keyed state of channels, as far as the server answered. */
  readonly moods = new Map<string, number>()
  recovered = 0
  unrecovered = 0
  resumed = 0
  dropped = 0
  #wire: TestClient | undefined
  #session: TestClient['session']
  #connections = 0
  #taken = 0
  #mustReconnect = false
  #pending: Pending[] = []
  #requests = new Map<number, Request>()
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
    this.#connections += 1
    const resume = this.#connections % 2 === 0 ? this.#session : undefined
    wire.post({ op: 'connect', token: testToken(this.name), ...(resume === undefined ? {} : { resume }) })
    for (const reading of this.readings.values()) this.#subscribe(reading)
    for (const [channel, value] of this.moods) this.setMood(channel, value)
    for (const pending of this.#pending) this.#post(pending)
  }

  listen(channel: string, isFiltered: boolean): void {
    const reading = { channel, isFiltered, events: [], from: 0, position: undefined, isDeaf: true }
    this.readings.set(channel, reading)
    if (this.isConnected) this.#subscribe(reading)
  }

  /** Leaves a channel and joins it again from where it stands, without waiting for an answer in between. */
  rejoin(channel: string): void {
    const reading = this.readings.get(channel)
    if (!this.isConnected || reading === undefined || reading.isDeaf) return
    this.#wire?.post({ op: 'unsubscribe', channel })
    this.#subscribe(reading)
    this.setMood(channel, this.moods.get(channel) ?? 0)
  }

  setMood(channel: string, value: number): void {
    this.#ask({ op: 'set', channel, name: 'mood', value }, { what: 'mood', channel, value })
    this.moods.set(channel, value)
  }

  publish(channel: string): void {
    const number = this.#nextNumber
    this.#nextNumber += 1_000
    const pending = { channel, number, key: `${this.name}-${number}` }
    this.#oracle.sent(channel, number)
    this.#pending.push(pending)
    if (this.isConnected) this.#post(pending)
  }

  /** What it sees of the moods of everybody. */
  seenMoods(channel: string): Readonly<Record<string, unknown>> {
    return this.#wire?.state(channel, 'mood') ?? {}
  }

  /** Takes in what has arrived. Answers whether anything went wrong that a reconnect must mend. */
  poll(): boolean {
    const wire = this.#wire
    if (wire === undefined) return true
    for (const fault of wire.faults.splice(0)) this.#fault(fault)
    const frames = wire.frames.slice(this.#taken)
    this.#taken = wire.frames.length
    for (const frame of frames) this.#take(frame)
    for (const [channel, view] of wire.states) {
      if (view.gaps === 0) continue
      view.gaps = 0
      wire.post({ op: 'state', channel })
    }
    return this.#mustReconnect || wire.closeCode !== undefined
  }

  #take(frame: ServerFrame): void {
    if (frame.op === 'reply') this.#takeReply(frame)
    else if (frame.op === 'events') this.#follow(frame)
    else if (frame.op === 'dropped') this.#skip(frame)
    else if (frame.op === 'unsubscribed') {
      const reading = this.readings.get(frame.channel) as Reading
      reading.isDeaf = true
      if (frame.resubscribe) this.#subscribe(reading)
      else this.#fault(`was put out of ${frame.channel}: ${frame.code}`)
    }
  }

  #follow(frame: EventsFrame): void {
    const reading = this.readings.get(frame.channel) as Reading
    const { position } = reading
    if (reading.isDeaf || position === undefined || frame.position <= position.offset) return
    if (frame.prev > position.offset) {
      this.#fault(`a gap in ${frame.channel}: at ${position.offset}, frame from ${frame.prev}`)
      return
    }
    const events = expandEvents(frame, position.epoch).filter(({ offset }) => offset > position.offset)
    reading.events.push(...events)
    reading.position = { epoch: position.epoch, offset: frame.position }
  }

  #skip({
    channel,
    from,
    to,
  }: {
    readonly channel: string
    readonly from: number
    readonly to: number
  }): void {
    const reading = this.readings.get(channel) as Reading
    const { position } = reading
    if (reading.isDeaf || position === undefined || to <= position.offset) return
    this.dropped += 1
    if (from > position.offset)
      this.#fault(`was told of a loss in ${channel} from ${from}, but is at ${position.offset}`)
    this.judge(reading)
    Object.assign(reading, { events: [], from: to, position: { epoch: position.epoch, offset: to } })
  }

  #takeReply(frame: ReplyFrame): void {
    const request = this.#requests.get(frame.id)
    this.#requests.delete(frame.id)
    if (request?.what === 'subscribe') this.#takeVerdict(request.reading, frame)
    else if (request?.what === 'publish') this.#takeAck(request.pending, frame)
    else if (frame.id === 1 && frame.error === undefined) this.#takeSession(frame.ok as ConnectResult)
  }

  #takeSession({ session, secret, resumed }: ConnectResult): void {
    this.#session = { session, secret }
    if (resumed) this.resumed += 1
  }

  #takeVerdict(reading: Reading, { ok, error }: ReplyFrame): void {
    const { channel, position: before } = reading
    if (error !== undefined) {
      if (error.retryable) this.#mustReconnect = true
      else this.#fault(`could not subscribe to ${channel}: ${error.code}`)
      return
    }
    const { position, recovered } = ok as SubscribeResult
    reading.isDeaf = false
    if (recovered === true) {
      this.recovered += 1
      if (before?.offset !== position.offset || before.epoch !== position.epoch)
        this.#fault(`recovered ${channel} at ${position.offset} instead of ${before?.offset}`)
      return
    }
    if (recovered === false) this.unrecovered += 1
    // A break: the application would load a snapshot. What was read up to here is judged by itself.
    this.judge(reading)
    Object.assign(reading, { events: [], from: position.offset, position })
  }

  #takeAck(pending: Pending, { ok, error }: { readonly ok?: unknown; readonly error?: ErrorBody }): void {
    const { channel, number } = pending
    if (error === undefined) {
      this.#oracle.acked(channel, number, ok as Position)
      this.#pending = this.#pending.filter((other) => other !== pending)
    } else if (error.retryable) {
      this.#mustReconnect = true
      this.#oracle.refused(number)
    } else this.#fault(`was refused: ${error.code}`)
  }

  /** Has the oracle look at what was read since the last break. */
  judge(reading: Reading): void {
    const { channel, position, from, events } = reading
    if (position === undefined) return
    const wants = reading.isFiltered ? isEven : undefined
    this.#oracle.read({
      who: this.name,
      channel,
      epoch: position.epoch,
      from,
      to: position.offset,
      events,
      wants,
    })
  }

  #subscribe(reading: Reading): void {
    const { channel, position, isFiltered } = reading
    reading.isDeaf = true
    const options = {
      ...(position === undefined ? {} : { from: position }),
      ...(isFiltered ? { filter: half } : {}),
    }
    this.#ask({ op: 'subscribe', channel, state: true, ...options }, { what: 'subscribe', reading })
  }

  #post(pending: Pending): void {
    const { channel, number, key } = pending
    const input = { channel, data: { n: number }, id: key, tags: { half: isEven(number) ? 'even' : 'odd' } }
    this.#ask({ op: 'call', command: 'test.publish', input, key }, { what: 'publish', pending })
  }

  #ask(frame: Readonly<Record<string, unknown>>, request: Request): void {
    if (this.isConnected) this.#requests.set((this.#wire as TestClient).post(frame), request)
  }

  #lose(): void {
    if (this.#wire === undefined) return
    this.poll()
    this.#wire.wire.drop()
    this.#wire = undefined
    this.#requests.clear()
  }

  #fault(text: string): void {
    this.#oracle.fault(`${this.name} ${text}`)
  }
}
