import type { SocketListener } from './application.ts'
import type { EngineSession } from './engine-session.ts'
import { type EventPacket, type EventPackets, withPosition } from './event-packets.ts'
import { type Message, Outgoing } from './outgoing.ts'
import { markOf, type Positions } from './positions.ts'

/** An event that an ack answers. */
interface AckedPlace {
  readonly channel: string
  readonly offset: number
}

/** Writes the events of channels to one socket: the same bytes as to all others, where nothing is the socket's own. */
export class Delivery {
  readonly #engine: EngineSession
  readonly #listener: SocketListener
  readonly #positions: Positions | undefined
  #acks: Map<number, AckedPlace> | undefined

  constructor(engine: EngineSession, listener: SocketListener, positions: Positions | undefined) {
    this.#engine = engine
    this.#listener = listener
    this.#positions = positions
  }

  deliver(packets: EventPackets): void {
    if (this.#positions !== undefined) this.#deliverPlaced(packets, this.#positions)
    else if (!packets.isPlain)
      this.#write(packets.events.filter(this.#isMeant).flatMap((event) => this.#numbered(packets, event)))
    else if (packets.events.length > 0) this.#engine.send(packets.plain)
  }

  #deliverPlaced(packets: EventPackets, positions: Positions): void {
    const mark = markOf(packets.channel)
    if (packets.isPlain && positions.isAlone(mark)) {
      if (packets.events.length > 0) this.#engine.send(packets.placed(mark))
    } else {
      const placed = (event: EventPacket) =>
        event.envelope?.ack === undefined
          ? withPosition(event.messages, positions.text(mark, event.offset))
          : this.#numbered(packets, event)
      this.#write(packets.events.filter(this.#isMeant).flatMap(placed))
    }
    positions.advance(mark, packets.position)
  }

  readonly #isMeant = ({ envelope }: EventPacket): boolean =>
    envelope === undefined || this.#listener.isMeant(envelope.to, envelope.except)

  /** The number of the ack that is wanted is this client's own. */
  #numbered({ channel }: EventPackets, { envelope, messages, offset }: EventPacket): readonly Message[] {
    const id = envelope?.ack === undefined ? undefined : this.#listener.expectAck(envelope.ack)
    if (id === undefined) return messages
    if (this.#positions !== undefined) {
      this.#acks ??= new Map()
      this.#acks.set(id, { channel, offset })
    }
    const [text, ...bytes] = messages as [string, ...Uint8Array[]]
    const start = text.indexOf('[')
    return [`${text.slice(0, start)}${id}${text.slice(start)}`, ...bytes]
  }

  /** The event that the client answers, if it came from a channel. */
  acked(id: number): AckedPlace | undefined {
    const place = this.#acks?.get(id)
    this.#acks?.delete(id)
    return place
  }

  #write(messages: readonly Message[]): void {
    if (messages.length > 0) this.#engine.send(new Outgoing(messages))
  }
}
