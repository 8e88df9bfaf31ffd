import { connect, type Socket } from 'node:net'
import { type Conditions, wayOf } from './conditions.ts'
import { Flow } from './flow.ts'

export type Side = 'client' | 'server'

export interface LinkOptions {
  readonly port: number
  readonly random: () => number
  /** Both sides are gone. */
  readonly over: (link: ProxiedLink) => void
}

/** A connection of a client that passes through the proxy, and what can happen to it. */
export class ProxiedLink {
  /** When it came, as `performance.now()` has it. */
  readonly since = performance.now()
  readonly #client: Socket
  readonly #server: Socket
  readonly #toServer: Flow
  readonly #toClient: Flow
  readonly #over: (link: ProxiedLink) => void
  /** Who still believes in it after the other side is gone. */
  #believer: Side | undefined

  constructor(client: Socket, { port, random, over }: LinkOptions) {
    this.#client = client
    this.#server = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    this.#over = over
    this.#toServer = new Flow(client, this.#server, random)
    this.#toClient = new Flow(this.#server, client, random)
    this.#watch('client')
    this.#watch('server')
  }

  /** Whether anything was swallowed or one side is gone: it will never be good again. */
  get isSpoilt(): boolean {
    return this.#believer !== undefined || this.#toServer.hasSwallowed || this.#toClient.hasSwallowed
  }

  get isOver(): boolean {
    return this.#client.destroyed && this.#server.destroyed
  }

  /** From now on it is like this. */
  set({ toServer, toClient }: Conditions): void {
    if (this.#believer !== undefined) return
    this.#toServer.way = wayOf(toServer)
    this.#toClient.way = wayOf(toClient)
  }

  /** Ends it at both sides, with a reset: what was under way is lost. */
  reset(): void {
    this.#believer = undefined
    this.#destroy(this.#client)
    this.#destroy(this.#server)
  }

  /**
   * One side learns that the link is gone, the other hears nothing: what it sends is taken in, and nobody answers. Over
   * when the believer gives up.
   */
  halfOpen(believer: Side): void {
    if (this.isOver) return
    this.set({ toServer: { swallows: true }, toClient: { swallows: true } })
    this.#believer = believer
    this.#destroy(believer === 'client' ? this.#server : this.#client)
  }

  #watch(side: Side): void {
    const [own, other] = side === 'client' ? [this.#client, this.#server] : [this.#server, this.#client]
    let hasFailed = false
    own.on('error', () => {
      hasFailed = true
    })
    own.on('close', () => {
      if (this.#believer !== undefined && this.#believer !== side) return
      // After an end in good order the other side gets what is still under way.
      if (hasFailed || other.writableEnded || !own.readableEnded) this.#destroy(other)
      if (this.isOver) this.#leave()
    })
  }

  #destroy(socket: Socket): void {
    if (!socket.destroyed) socket.resetAndDestroy()
    if (this.isOver) this.#leave()
  }

  #leave(): void {
    this.#toServer.stop()
    this.#toClient.stop()
    this.#over(this)
  }
}
