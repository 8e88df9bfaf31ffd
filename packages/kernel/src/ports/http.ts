export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A request as a route sees it: within the limits of the server, and decoded. */
export interface HttpRequest {
  /** Identifies the request in logs; from the client's `X-Request-Id` when that is well-formed. */
  readonly id: string
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  /** Values of the `{names}` of the route's path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  /** A name that is given several times has all its values. */
  readonly query: Readonly<Record<string, string | readonly string[]>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The JSON of the body; undefined when there was none. */
  readonly body: unknown
  readonly ip: string
}

export interface HttpResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes are sent as they are (give a `content-type`), anything else as JSON. */
  readonly body?: unknown
}

export interface HttpRoute {
  readonly method: HttpMethod
  /** `/api/channels/{channel}/events`: a name in braces takes one segment. */
  readonly path: string
  /** May throw a ParleyError, which is answered as its code says; any other error is answered as `internal`. */
  handler(request: HttpRequest): HttpResponse | Promise<HttpResponse>
}

/** Files that are served as they are. */
export interface StaticFiles {
  /** Where they appear: `/` or `/console`. */
  readonly path: string
  /** Absolute path of the folder. */
  readonly folder: string
  /** File answered to a browser that asks for a page which is no file: the entry of a single-page application. */
  readonly fallback?: string
}

/**
 * An HTTP server to which the gateway adds its routes. Every answer of an error is an error body (`code`, `message`,
 * `retryable`) with the status of its code; a path without route or file is `not_found`. HEAD is answered where GET is.
 */
export interface Http {
  /** @throws Error when the route exists or the server listens already */
  route(route: HttpRoute): void
  /** Routes go before files; of several folders the one with the longest path that fits is taken. */
  files(files: StaticFiles): void
}
