import type { OpeningRequest } from '@parley/adapters/transport/socket-io'

/** What is known of a client from the request that it came with. */
export interface Handshake {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** When it came, in words. */
  readonly time: string
  /** The same in ms since 1970. */
  readonly issued: number
  readonly address: string
  /** Whether it came from a page of another origin. */
  readonly xdomain: boolean
  readonly secure: boolean
  readonly url: string
  readonly query: Readonly<Record<string, string>>
  /** What the client gave to the namespace. */
  readonly auth: Readonly<Record<string, unknown>>
}

/** Worked out when somebody looks: most applications never do for most clients. */
export function handshakeOf(opening: OpeningRequest, auth: Readonly<Record<string, unknown>>): Handshake {
  return new LazyHandshake(opening, auth)
}

class LazyHandshake implements Handshake {
  readonly auth: Handshake['auth']
  readonly #opening: OpeningRequest

  constructor(opening: OpeningRequest, auth: Handshake['auth']) {
    this.#opening = opening
    this.auth = auth
  }

  get headers(): Handshake['headers'] {
    return headersOf(this.#opening.rawHeaders)
  }

  get time(): string {
    return new Date(this.#opening.at).toString()
  }

  get issued(): number {
    return this.#opening.at
  }

  get address(): string {
    return this.#opening.address
  }

  get xdomain(): boolean {
    return this.headers.origin !== undefined
  }

  get secure(): boolean {
    return this.#opening.isSecure
  }

  get url(): string {
    return this.#opening.url
  }

  get query(): Handshake['query'] {
    return Object.fromEntries(new URL(this.url, 'http://localhost').searchParams)
  }

  /** As other nodes get it. */
  toJSON(): Handshake {
    const { headers, time, issued, address, xdomain, secure, url, query, auth } = this
    return { headers, time, issued, address, xdomain, secure, url, query, auth }
  }
}

function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase()
    const value = raw[index + 1] as string
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}
