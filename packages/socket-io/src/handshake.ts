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

/** Built when somebody looks: most applications never do for most clients. */
export function handshakeOf(opening: OpeningRequest, auth: Readonly<Record<string, unknown>>): Handshake {
  const headers = headersOf(opening.rawHeaders)
  return {
    headers,
    time: new Date(opening.at).toString(),
    issued: opening.at,
    address: opening.address,
    xdomain: headers.origin !== undefined,
    secure: opening.isSecure,
    url: opening.url,
    query: Object.fromEntries(new URL(opening.url, 'http://localhost').searchParams),
    auth,
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
