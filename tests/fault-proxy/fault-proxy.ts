import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Conditions } from './conditions.ts'
import { ProxiedLink } from './proxied-link.ts'

export interface FaultProxyOptions {
  /** From 0 up to 1, for what is left to chance. Default: `Math.random`. */
  readonly random?: () => number
  /** Told of every link that is made. */
  readonly onLink?: (link: ProxiedLink) => void
}

/**
 * Stands between clients and a server on this machine, over TCP, and lets happen to their connections what happens to
 * connections: delay, a slow or stalled line, messages in pieces, a reset, a side that is gone without the other one's
 * knowing. As it is made, it does nothing but pass bytes on.
 *
 * @example
 * const proxy = await FaultProxy.to(server.port)
 * const client = createClient({ url: proxy.url, … })
 * proxy.worsen({ toClient: { delayMs: 100, jitterMs: 50 } }) // all links, and those to come
 * for (const link of proxy.links) link.halfOpen('client')    // single ones
 * proxy.heal()
 */
export class FaultProxy {
  /** Where links lead that are made from now on. */
  target: number
  /** Links that were made, and those that were refused while it was cut. */
  made = 0
  refused = 0
  readonly #server: Server
  readonly #links = new Set<ProxiedLink>()
  readonly #options: FaultProxyOptions
  #conditions: Conditions = {}
  #isCut = false

  private constructor(target: number, options: FaultProxyOptions) {
    this.target = target
    this.#options = options
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      if (this.#isCut) {
        this.refused += 1
        socket.on('error', () => undefined)
        socket.resetAndDestroy()
        return
      }
      const random = options.random ?? Math.random
      const over = (gone: ProxiedLink) => void this.#links.delete(gone)
      const link = new ProxiedLink(socket, { port: this.target, random, over })
      this.made += 1
      this.#links.add(link)
      link.set(this.#conditions)
      this.#options.onLink?.(link)
    })
  }

  /** A proxy in front of a port of this machine. */
  static async to(target: number, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options)
    proxy.#server.listen({ port: 0, host: '127.0.0.1', backlog: 16_384 })
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port
  }

  /** Where clients connect. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Links that are open, at one side at least. */
  get links(): readonly ProxiedLink[] {
    return [...this.#links]
  }

  /** Makes all links so, open ones and those to come; replaces what was said before. */
  worsen(conditions: Conditions): void {
    this.#conditions = conditions
    for (const link of this.#links) link.set(conditions)
  }

  /** All is well again. Links that cannot be mended are reset. */
  heal(): void {
    this.#isCut = false
    this.worsen({})
    for (const link of this.links) if (link.isSpoilt) link.reset()
  }

  /** Resets all links. New ones are made as before. */
  reset(): void {
    for (const link of this.links) link.reset()
  }

  /** Resets all links, and refuses new ones until `heal`. */
  cut(): void {
    this.#isCut = true
    this.reset()
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
