import type { NodeMessage } from '../ports/broker.ts'

/** One thing that a node tells another. */
export type Told = Readonly<Record<string, unknown>> & { readonly k: string }

/** Some of what is told, in order: the first is number `seq` of link `link`; nothing before `base` is sent again. */
interface Packet extends NodeMessage {
  readonly type: 'told'
  readonly link: number
  readonly seq: number
  readonly base: number
  readonly what: readonly Told[]
}

interface InFlight {
  readonly told: Told
  readonly bytes: number
}

/** Sent and not confirmed, at most: what waits is kept by those who want to tell it, newest state only. */
const windowBytes = 131_072
const windowCount = 512
const packetBytes = 32_768
const resendMs = 400

export interface OutgoingParts {
  readonly send: (message: NodeMessage) => void
  /** The next thing to tell; undefined when there is none. */
  readonly next: () => Told | undefined
  readonly elapsed: () => number
}

/**
 * Tells another node things, each once and in order, over a broker that guarantees nothing: what is not confirmed is sent
 * again. When the other node has forgotten what it was told, the link begins anew, under the next number, and whoever
 * gives it things to tell begins anew as well.
 */
export class OutgoingLink {
  readonly #parts: OutgoingParts
  #link: number
  /** Number of the first in flight. */
  #base = 1
  #inFlight: InFlight[] = []
  #bytes = 0
  #sentAt = 0

  /** @param link higher than that of every link to this node before */
  constructor(parts: OutgoingParts, link: number) {
    this.#parts = parts
    this.#link = link
  }

  get link(): number {
    return this.#link
  }

  /** Begins anew. What was in flight is forgotten. */
  restart(link: number): void {
    this.#link = link
    this.#base = 1
    this.#inFlight = []
    this.#bytes = 0
  }

  /** Sends what there is to tell, as far as the window allows. */
  flush(): void {
    let packet: InFlight[] = []
    let bytes = 0
    while (this.#inFlight.length < windowCount && this.#bytes < windowBytes) {
      const told = this.#parts.next()
      if (told === undefined) break
      const one = { told, bytes: JSON.stringify(told).length }
      if (bytes > 0 && bytes + one.bytes > packetBytes) {
        this.#send(packet, this.#base + this.#inFlight.length - packet.length)
        packet = []
        bytes = 0
      }
      packet.push(one)
      bytes += one.bytes
      this.#inFlight.push(one)
      this.#bytes += one.bytes
    }
    if (packet.length > 0) this.#send(packet, this.#base + this.#inFlight.length - packet.length)
  }

  #send(packet: readonly InFlight[], seq: number): void {
    const what = packet.map(({ told }) => told)
    const message: Packet = { type: 'told', link: this.#link, seq, base: this.#base, what }
    this.#sentAt = this.#parts.elapsed()
    this.#parts.send(message)
  }

  /** The other node has everything up to a number. */
  confirmed(link: number, seq: number): void {
    if (link !== this.#link || seq < this.#base) return
    const known = Math.min(seq - this.#base + 1, this.#inFlight.length)
    for (const { bytes } of this.#inFlight.splice(0, known)) this.#bytes -= bytes
    this.#base += known
    this.flush()
  }

  /** Sends the first that are not confirmed once more, when the time for it has come. */
  resend(): void {
    if (this.#inFlight.length === 0 || this.#parts.elapsed() - this.#sentAt < resendMs) return
    let bytes = 0
    const packet = this.#inFlight.filter(({ bytes: more }, index) => {
      bytes += more
      return index === 0 || bytes <= packetBytes
    })
    this.#send(packet, this.#base)
  }
}

/** What came before its turn, at most. */
const maxEarly = 1_024

/** The other end of a link: hands over each thing once and in order. */
export class IncomingLink {
  #link = 0
  #next = 1
  readonly #early = new Map<number, Told>()
  readonly #send: (message: NodeMessage) => void
  readonly #began: () => void
  readonly #take: (told: Told) => void

  /** @param began called when the other node begins anew */
  constructor(send: (message: NodeMessage) => void, began: () => void, take: (told: Told) => void) {
    this.#send = send
    this.#began = began
    this.#take = take
  }

  receive(message: NodeMessage): void {
    const { link, seq, base, what } = message as Packet
    if (link < this.#link) return
    if (base > (link === this.#link ? this.#next : 1)) {
      // This node has forgotten, or never heard, what is not sent again.
      this.#send({ type: 'forgot', link })
      return
    }
    if (link > this.#link) this.#begin(link)
    for (const [index, told] of what.entries()) {
      const number = seq + index
      if (number >= this.#next && number < this.#next + maxEarly) this.#early.set(number, told)
    }
    for (let told = this.#early.get(this.#next); told !== undefined; told = this.#early.get(this.#next)) {
      this.#early.delete(this.#next)
      this.#next += 1
      this.#take(told)
    }
    this.#send({ type: 'heard', link, seq: this.#next - 1 })
  }

  #begin(link: number): void {
    this.#link = link
    this.#next = 1
    this.#early.clear()
    this.#began()
  }
}
