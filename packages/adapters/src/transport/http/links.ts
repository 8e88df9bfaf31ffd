import { type Accept, equalSecrets, type Handshake, type Logger } from '@parley/kernel'
import { closeCodes, ParleyError } from '@parley/protocol'
import type { Exchange } from './exchange.ts'
import { type Downlink, HttpLink, type LinkHome } from './link.ts'
import type { LinkClock } from './link-clock.ts'

export interface LinksOptions {
  readonly closeTimeoutMs: number
  readonly logger: Logger
  readonly clock: LinkClock
}

const notReadyRetryMs = 1_000

/** The links of a node, found by their id and secret. */
export class Links implements LinkHome {
  readonly closeTimeoutMs: number
  readonly clock: LinkClock
  readonly #logger: Logger
  readonly #links = new Map<string, HttpLink>()
  /** The node, once it accepts; part of every id, so that other nodes know whom to ask. */
  #node: { readonly id: string; readonly accept: Accept } | undefined
  #whenEmpty: (() => void) | undefined

  constructor({ closeTimeoutMs, logger, clock }: LinksOptions) {
    this.clock = clock
    this.closeTimeoutMs = closeTimeoutMs
    this.#logger = logger
  }

  start(id: string, accept: Accept): void {
    this.#node = { id, accept }
  }

  async stop(): Promise<void> {
    this.#node = undefined
    for (const link of this.#links.values()) link.close(closeCodes.server_stopping, 'The server is stopping.')
    // Each one ends within `closeTimeoutMs`.
    if (this.#links.size > 0) await new Promise<void>((resolve) => (this.#whenEmpty = resolve))
  }

  /** @throws ParleyError `unavailable` before the start and after the stop */
  get node(): string {
    return this.#running().id
  }

  #running(): { readonly id: string; readonly accept: Accept } {
    if (this.#node !== undefined) return this.#node
    throw new ParleyError('unavailable', 'The server is not ready. Try again.', {
      retryAfterMs: notReadyRetryMs,
    })
  }

  /**
   * Opens a link, if the node accepts it.
   *
   * @param downlink makes the way to the client; called when the node has accepted
   * @throws ParleyError what the node throws to refuse it
   */
  open(
    handshake: Handshake,
    message: string | undefined,
    downlink: (link: HttpLink) => Downlink & { firstMessage?(): string },
  ): HttpLink {
    const { id, accept } = this.#running()
    const secret = this.clock.secret(128)
    const link = new HttpLink(`${id}.${this.clock.secret(96)}`, secret, this)
    const handler = accept(link, handshake)
    this.#links.set(link.id, link)
    const made = downlink(link)
    link.downlink = made
    link.start(handler, message ?? made.firstMessage?.() ?? '')
    return link
  }

  /** The link of that id, if the secret is its own. */
  find(id: string, secret: string): HttpLink | undefined {
    const link = this.#links.get(id)
    return link !== undefined && equalSecrets(link.secret, secret) ? link : undefined
  }

  gone(link: HttpLink): void {
    this.#links.delete(link.id)
    if (this.#links.size === 0) this.#whenEmpty?.()
  }

  failed(error: unknown): void {
    this.#logger.error('A connection was closed, because handling its input failed.', { error })
  }
}

/** What the node is told of a client. */
export function handshakeOf(exchange: Exchange, transport: string, token: string | undefined): Handshake {
  const { ip, origin, userAgent } = exchange
  return {
    ...{ transport, ip },
    ...(token === undefined ? {} : { token }),
    ...(origin === undefined ? {} : { origin }),
    ...(userAgent === undefined ? {} : { userAgent }),
  }
}
