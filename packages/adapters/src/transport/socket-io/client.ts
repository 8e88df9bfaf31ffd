import type { Handshake } from '@parley/kernel'
import type { SocketIoApplication } from './application.ts'
import type { EngineEnd, EngineListener, EngineSession } from './engine-session.ts'
import type { Message } from './outgoing.ts'
import { BadPacket, type Packet, PacketReader, packetTypes } from './packet.ts'
import { type WireServices, WireSocket } from './wire-socket.ts'

/** Namespaces that one client may be in. */
const maxNamespaces = 64

export interface ClientServices extends WireServices {
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
  readonly #sockets = new Map<string, WireSocket>()
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
    const socket = new WireSocket(this.#services, {
      ...{ namespace, engine, auth, handshake: describe(engine) },
      gone: () => {
        if (this.#sockets.get(namespace) === socket) this.#sockets.delete(namespace)
      },
    })
    this.#sockets.set(namespace, socket)
    const { pid: _pid, offset: _offset, ...own } = auth
    void Promise.resolve()
      .then(() => application.enter({ namespace, auth: own, opening: engine.request }))
      .then(
        (entry) => socket.open(entry),
        (error: unknown) => socket.refuse(error),
      )
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
