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

/** Bytes that are kept somewhere, and may be asked for in part. */
export interface HttpContent {
  readonly size: number
  /** A media type. */
  readonly type: string
  /** Changes when the bytes do; visible ASCII without quotes. */
  readonly tag: string
  /** What a browser calls it when it is kept. */
  readonly name: string
  /** Whether a browser may show it; otherwise it is offered for keeping. */
  readonly isInline: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** From `start` to before `end`, at the reader's pace. */
  read(range: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>
}

/** A request whose body is bytes. */
export interface HttpStreamRequest extends Omit<HttpRequest, 'body'> {
  /**
   * The body as it comes; to be read once, or not at all.
   *
   * @throws ParleyError `payload_too_large` beyond the limit of the route, `disconnected` when the sender is gone or
   *   sends nothing for a while
   */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Aborted when the connection ends before the answer is sent. */
  readonly signal: AbortSignal
}

export interface HttpStreamRoute {
  readonly method: HttpMethod | 'HEAD' | 'OPTIONS'
  readonly path: string
  /** Default 0: the route takes no body. */
  readonly maxBodyBytes?: number
  /**
   * As that of {@link HttpRoute}. Content is answered as the request asks: whole, in part (`Range`, `If-Range`), or not
   * when the client has it (`If-None-Match`); always under a policy that lets nothing in it run.
   */
  handler(request: HttpStreamRequest): Promise<HttpResponse | HttpContent>
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
  /** Adds a route that takes or gives bytes as a stream. Such a request may take long, as long as something moves. */
  stream(route: HttpStreamRoute): void
  /** Routes go before files; of several folders the one with the longest path that fits is taken. */
  files(files: StaticFiles): void
}
