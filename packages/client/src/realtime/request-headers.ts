import type { WebSocketConstructor } from '../transports/websocket.ts'

export type RequestHeaders = Readonly<Record<string, string>>

/** What of headers becomes the token: `Authorization: Bearer …`, or `X-API-Key: id:secret`. */
export function tokenIn(headers: RequestHeaders): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    const bearer = /^authorization$/i.test(name) ? /^Bearer +(\S+)$/i.exec(value)?.[1] : undefined
    if (bearer !== undefined) return bearer
  }
  return Object.entries(headers).find(([name]) => /^x-api-key$/i.test(name))?.[1]
}

/** A `fetch` that adds headers to every request. */
export function fetchWithHeaders(given: typeof fetch | undefined, headers: RequestHeaders): typeof fetch {
  return (input, init) => {
    const all = new Headers(init?.headers)
    for (const [name, value] of Object.entries(headers)) all.set(name, value)
    return (given ?? globalThis.fetch)(input, { ...init, headers: all })
  }
}

interface Platform {
  readonly document?: unknown
  readonly WorkerGlobalScope?: unknown
  readonly navigator?: { readonly product?: string }
  readonly WebSocket?: WebSocketConstructor
}

/** How a platform lets headers be given to a WebSocket. Browsers do not, by their standard. */
type HeaderPlace = 'second' | 'third' | 'nowhere'

function headerPlace(isGiven: boolean, platform: Platform): HeaderPlace {
  // The constructors that applications bring are `ws` and its kin.
  if (isGiven || platform.navigator?.product === 'ReactNative') return 'third'
  return platform.document !== undefined || platform.WorkerGlobalScope !== undefined ? 'nowhere' : 'second'
}

type AnySocket = new (
  url: string,
  protocols?: unknown,
  options?: object,
) => InstanceType<WebSocketConstructor>

export interface HandshakeParts {
  /** Instead of the platform's. */
  readonly WebSocket: WebSocketConstructor | undefined
  readonly headers: RequestHeaders
  /** Subprotocols that are offered before ours. */
  readonly protocols: readonly string[]
}

/**
 * A WebSocket whose handshake carries headers where the platform can: Node, Deno, Bun, React Native, `ws`. In a browser
 * it goes without them.
 */
export function socketWithHeaders(
  { WebSocket: given, headers, protocols }: HandshakeParts,
  platform: Platform = globalThis as unknown as Platform,
): WebSocketConstructor | undefined {
  if (Object.keys(headers).length === 0 && protocols.length === 0) return given
  const place = Object.keys(headers).length === 0 ? 'nowhere' : headerPlace(given !== undefined, platform)
  function open(url: string, ours: string | string[] = []) {
    const Socket = (given ?? platform.WebSocket) as AnySocket | undefined
    if (Socket === undefined) throw new TypeError('There is no WebSocket here. Give one as `WebSocket`.')
    const offered = [...new Set([...protocols, ...(typeof ours === 'string' ? [ours] : ours)])]
    if (place === 'second') return new Socket(url, { protocols: offered, headers })
    return place === 'third' ? new Socket(url, offered, { headers }) : new Socket(url, offered)
  }
  return open as unknown as WebSocketConstructor
}
