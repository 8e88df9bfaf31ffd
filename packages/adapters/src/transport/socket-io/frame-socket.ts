import type { Accept, Connection, ConnectionHandler, Handshake, OutgoingFrame } from '@parley/kernel'
import { closeCodes, ParleyError } from '@parley/protocol'
import type { DisconnectReason } from './application.ts'
import type { EngineSession } from './engine-session.ts'
import { Outgoing } from './outgoing.ts'
import { encodeArguments, encodeDisconnect, encodeObject, prefixOf } from './packet.ts'

/** Events under which the frames of `parley.v1.json` travel, and under which each side says why it closes. */
const frameEvent = 'frame'
const closeEvent = 'close'
const abnormalClosure = 1006

/** The newest frame as packets: the members of a channel are written to one after the other. */
export class FramePackets {
  #text = ''
  #prefix = ''
  #outgoing: Outgoing | undefined

  of(text: string, prefix: string): Outgoing {
    if (text !== this.#text || prefix !== this.#prefix || this.#outgoing === undefined) {
      this.#text = text
      this.#prefix = prefix
      this.#outgoing = new Outgoing(encodeArguments('event', [frameEvent, text], { prefix }))
    }
    return this.#outgoing
  }
}

/** A client that speaks the protocol of Parley, frame by frame, and takes Socket.IO only for the way. */
export class FrameSocket implements Connection {
  readonly #engine: EngineSession
  readonly #prefix: string
  readonly #packets: FramePackets
  readonly #gone: () => void
  readonly #handler: ConnectionHandler | undefined
  #isOpen = true
  #code = abnormalClosure

  constructor(
    { accept, packets }: { readonly accept: Accept; readonly packets: FramePackets },
    parts: {
      readonly namespace: string
      readonly engine: EngineSession
      readonly handshake: Handshake
      readonly gone: () => void
    },
  ) {
    this.#engine = parts.engine
    this.#prefix = prefixOf(parts.namespace)
    this.#packets = packets
    this.#gone = parts.gone
    this.#handler = this.#begin(accept, parts.handshake)
  }

  #begin(accept: Accept, handshake: Handshake): ConnectionHandler | undefined {
    try {
      const handler = accept(this, handshake)
      const sid = this.#engine.id
      this.#engine.send(new Outgoing([encodeObject('connect', this.#prefix, { sid })]))
      return handler
    } catch (error) {
      const { message } = error instanceof ParleyError ? error : new ParleyError('internal')
      this.#engine.send(new Outgoing([encodeObject('connectError', this.#prefix, { message })]))
      this.#isOpen = false
      queueMicrotask(this.#gone)
      return undefined
    }
  }

  get bufferedBytes(): number {
    return this.#isOpen ? this.#engine.bufferedBytes : 0
  }

  send({ text }: OutgoingFrame): void {
    if (this.#isOpen) this.#engine.send(this.#packets.of(text, this.#prefix))
  }

  cork(): void {
    this.#engine.cork()
  }

  uncork(): void {
    this.#engine.uncork()
  }

  /** The node closes it. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return
    const prefix = this.#prefix
    const farewell = encodeArguments('event', [closeEvent, code, reason], { prefix })
    this.#engine.send(new Outgoing([...farewell, encodeDisconnect(prefix)]))
    this.#end(code)
  }

  expelled(): void {
    const { disconnected_by_server: code } = closeCodes
    this.close(code, 'disconnected_by_server')
  }

  event([name, value]: readonly unknown[]): void {
    if (!this.#isOpen) return
    if (name === frameEvent && typeof value === 'string') this.#handler?.receive(value)
    else if (name === closeEvent && typeof value === 'number') this.#code = value
  }

  acked(): void {
    // Nothing was sent that is answered.
  }

  heard(): void {
    if (this.#isOpen) this.#handler?.heard?.()
  }

  drained(): void {
    if (this.#isOpen) this.#handler?.drained()
  }

  left(): void {
    this.#end(this.#code)
  }

  ended(_reason: DisconnectReason): void {
    this.#end(this.#code)
  }

  #end(code: number): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    // The node is told when it has done its part.
    queueMicrotask(() => this.#handler?.closed(code, ''))
    this.#gone()
  }
}
