/** What the HTTP transports of a client need of the platform. */
export interface HttpOptions {
  /** Where the platform has none, or to use another. */
  readonly fetch?: typeof fetch | undefined
}

/**
 * A resource of the server's transports: `stream`, `sse`, `poll`, `send`, `tickets`. Relative URLs are taken from the
 * page's; one without a path means the server's usual one.
 *
 * @throws TypeError for a URL that is none
 */
export function resourceUrl(text: string, resource: string): string {
  const page = (globalThis as { location?: { readonly href: string } }).location?.href
  const url = new URL(text, page)
  const path = url.pathname === '/' ? '/realtime' : url.pathname.replace(/\/$/, '')
  url.pathname = `${path}/${resource}`
  url.search = ''
  url.hash = ''
  return url.href.replace(/^ws/, 'http')
}

export interface Post {
  /** The first line of the body. */
  readonly envelope: object
  readonly message?: string
  readonly signal?: AbortSignal
  /** Let it arrive even when the page is being left. */
  readonly keepalive?: boolean
}

/** Sends a request as simple as browsers allow: no question comes before it, also to another origin. */
export function post(
  fetcher: typeof fetch,
  url: string,
  { envelope, message, ...rest }: Post,
): Promise<Response> {
  const line = JSON.stringify(envelope)
  return fetcher(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain;charset=UTF-8' },
    body: message === undefined ? line : `${line}\n${message}`,
    cache: 'no-store',
    ...rest,
  })
}

/** The platform's `fetch`, looked up when it is used. */
export function fetcherOf({ fetch: given }: HttpOptions): typeof fetch {
  return given ?? ((...request) => globalThis.fetch(...request))
}
