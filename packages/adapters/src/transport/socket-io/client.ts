import type { Handshake } from '@parley/kernel'
import { jsonSubprotocol } from '@parley/protocol'
import type { SocketIoApplication } from './application.ts'
import type { EngineEnd, EngineListener, EngineSession } from './engine-session.ts'
import { type FramePackets, FrameSocket } from './frame-socket.ts'
import type { Message } from './outgoing.ts'
import { BadPacket, type Packet, PacketReader, packetTypes } from './packet.ts'
import { type SocketOptions, type WireServices, WireSocket } from './wire-socket.ts'

/** Namespaces that one client may be in. */
const maxNamespaces = 64

/** Who a client is in one of its namespaces. */
interface Occupant {
  event(args: readonly unknown[], id: number | undefined): void
  acked(id: number, args: readonly unknown[]): void
  /** The server throws the client out. */
  expelled(): void
  /** The client has left the namespace. */
  left(): void
  heard(): void
  drained(): void
  ended(reason: EngineEnd): void
}

export interface ClientServices extends WireServices {
  readonly packets: FramePackets
  readonly application: SocketIoApplication
  /** A client that has entered no namespace for so long is let go, in ms. */
  readonly connectTimeoutMs: number
  readonly describe: (engine: EngineSession) => Handshake
  /** Handling what a client sent has failed: a defect of ours. */
  readonly failed: (error: unknown) => void
}

/** A client: what it sends goes to its socket in the namespace that it names. */
export class Client implements EngineListener {
  readonly #services: ClientServices
  readonly #engine: EngineSession
  readonly #reader = new PacketReader()
  readonly #sockets = new Map<string, Occupant>()
  #timer: NodeJS.Timeout | undefined

  constructor(services: ClientServices, engine: EngineSession) {
    this.#services = services
    this.#engine = engine
    this.#timer = setTimeout(() => engine.close('forced close'), services.connectTimeoutMs).unref()
    engine.listener = this
  }

  message(message: Message): void {
    try {
      const packet = this.#reader.read(message)
      if (packet !== undefined) this.#take(packet)
    } catch (error) {
      if (!(error instanceof BadPacket)) this.#services.failed(error)
      this.#engine.close('parse error')
    }
  }

  #take(packet: Packet): void {
    if (packet.type === packetTypes.connect) {
      this.#enter(packet)
      return
    }
    const socket = this.#sockets.get(packet.namespace)
    if (packet.type === packetTypes.disconnect) socket?.left()
    else if (packet.type === packetTypes.event || packet.type === packetTypes.binaryEvent)
      socket?.event(packet.data as readonly unknown[], packet.id)
    else if (packet.id !== undefined) socket?.acked(packet.id, packet.data as readonly unknown[])
  }

  #enter({ namespace, data }: Packet): void {
    // Clients ask twice when they are told to connect twice; one answer is enough.
    if (this.#sockets.has(namespace)) return
    if (this.#sockets.size >= maxNamespaces) {
      this.#engine.close('forced close')
      return
    }
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { application, describe } = this.#services
    const engine = this.#engine
    const auth = (data ?? {}) as Readonly<Record<string, unknown>>
    const gone = () => {
      if (this.#sockets.get(namespace) === socket) this.#sockets.delete(namespace)
    }
    const throwOut = () => this.#throwOut()
    const parts = { namespace, engine, auth, handshake: describe(engine), gone, throwOut }
    const socket =
      application.takesFrames?.(namespace) === true && auth.protocol === jsonSubprotocol
        ? new FrameSocket(this.#services, parts)
        : this.#newSocket(parts)
    this.#sockets.set(namespace, socket)
  }

  #throwOut(): void {
    for (const socket of [...this.#sockets.values()]) socket.expelled()
    this.#engine.close('forced close')
  }

  #newSocket(options: SocketOptions): WireSocket {
    const { application } = this.#services
    const { namespace, auth } = options
    const socket = new WireSocket(this.#services, options)
    const { pid: _pid, offset: _offset, ...own } = auth
    void Promise.resolve()
      .then(() => application.enter({ namespace, auth: own, opening: this.#engine.request }))
      .then(
        (entry) => socket.open(entry),
        (error: unknown) => socket.refuse(error),
      )
    return socket
  }

  heard(): void {
    for (const socket of this.#sockets.values()) socket.heard()
  }

  drained(): void {
    for (const socket of this.#sockets.values()) socket.drained()
  }

  closed(reason: EngineEnd): void {
    clearTimeout(this.#timer)
    for (const socket of [...this.#sockets.values()]) socket.ended(reason)
  }
}
