import { closeCodes, type ErrorBody } from '@parley/protocol'
import type { Clock } from '../platform.ts'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'
import { fetcherOf, type HttpOptions, resourceUrl } from './http-target.ts'
import { type LinkName, Uplink } from './uplink.ts'

export interface HttpTransportOptions extends HttpOptions {
  readonly clock?: Clock | undefined
}

/** What a downlink gets to work with. */
export interface DownlinkParts {
  readonly fetcher: typeof fetch
  readonly clock: Clock
  /** The URL of a resource of the server's transports. */
  readonly url: (resource: string) => string
  /** The first message, with which the link is opened. */
  readonly message: string
  /** Aborted when the link is over. */
  readonly signal: AbortSignal
  /** Lines of the server, each a frame. */
  readonly lines: (lines: readonly string[]) => void
  /** The server answered with something else than a downlink. */
  readonly refused: (response: Response) => Promise<void>
  /** The downlink has ended without a farewell. */
  readonly broken: (reason: string) => void
  readonly name: () => LinkName | undefined
}

/** Carries what the server sends until it ends; never throws. */
export type Downlink = (parts: DownlinkParts) => Promise<void>

/** A server is told at times that what it sends is read, so that it can tell slow from gone. */
const acknowledgeChars = 32_768
const acknowledgeMs = 2_000
/** Longest wait for a farewell to be taken. */
const farewellMs = 3_000
const abnormalClosure = 1006

/** A transport over HTTP requests, whatever carries its downlink. */
export function overHttp(
  name: string,
  downlink: Downlink,
  options: HttpTransportOptions & { readonly clock: Clock },
): ClientTransport {
  return { name, open: (url, handlers) => new HttpLink(url, handlers, downlink, options) }
}

class HttpLink implements Link {
  readonly #handlers: LinkHandlers
  readonly #downlink: Downlink
  readonly #options: HttpTransportOptions & { readonly clock: Clock }
  readonly #url: string
  readonly #end = new AbortController()
  #uplink: Uplink | undefined
  #name: LinkName | undefined
  #hasBegun = false
  #isOver = false
  /** Read since the server was last told so. */
  #unacknowledged = 0
  #acknowledgedAt = 0

  constructor(
    url: string,
    handlers: LinkHandlers,
    downlink: Downlink,
    options: HttpTransportOptions & { readonly clock: Clock },
  ) {
    this.#url = url
    this.#handlers = handlers
    this.#downlink = downlink
    this.#options = options
    // There is nothing to wait for: the first message opens the link.
    queueMicrotask(() => {
      if (!this.#isOver) handlers.opened()
    })
  }

  get bufferedBytes(): number {
    return this.#uplink?.bufferedBytes ?? 0
  }

  send(text: string): void {
    if (this.#isOver) return
    if (this.#hasBegun) this.#uplink?.send(text)
    else this.#begin(text)
  }

  #begin(message: string): void {
    this.#hasBegun = true
    const { clock } = this.#options
    const fetcher = fetcherOf(this.#options)
    this.#acknowledgedAt = clock.elapsed()
    try {
      const url = (resource: string) => resourceUrl(this.#url, resource)
      this.#uplink = new Uplink({ fetcher, clock, url: url('send'), lost: (reason) => this.#lost(reason) })
      void this.#downlink({
        ...{ fetcher, clock, url, message },
        signal: this.#end.signal,
        lines: (lines) => this.#received(lines),
        refused: (response) => this.#refused(response),
        broken: (reason) => this.#lost(reason),
        name: () => this.#name,
      })
    } catch (error) {
      // The URL is none.
      queueMicrotask(() => this.#lost(error instanceof Error ? error.message : String(error)))
    }
  }

  #received(lines: readonly string[]): void {
    const frames: string[] = []
    let farewell: { readonly code: number; readonly reason: string } | undefined
    for (const line of lines) {
      if (line.startsWith('{"op":"link"')) this.#named(line)
      else if (line.startsWith('{"op":"close"')) farewell = JSON.parse(line)
      else if (line !== '') frames.push(line)
    }
    if (frames.length > 0 && !this.#isOver) {
      const text = frames.join('\n')
      this.#handlers.received(text)
      this.#acknowledge(text.length)
    }
    if (farewell !== undefined) this.#over(farewell.code, farewell.reason)
  }

  #named(line: string): void {
    const { link, secret } = JSON.parse(line) as LinkName
    this.#name = { link, secret }
    this.#uplink?.open(this.#name)
  }

  #acknowledge(chars: number): void {
    const now = this.#options.clock.elapsed()
    this.#unacknowledged += chars
    if (this.#unacknowledged < acknowledgeChars || now - this.#acknowledgedAt < acknowledgeMs) return
    this.#unacknowledged = 0
    this.#acknowledgedAt = now
    // Any message says it; if none is on its way, an empty one.
    if (!this.#isOver && this.bufferedBytes === 0) this.#uplink?.send('')
  }

  /** Says why the server refused, as the server said it. */
  async #refused(response: Response): Promise<void> {
    const text = await response.text().catch(() => '')
    const error = errorIn(text)
    if (this.#isOver) return
    if (error === undefined) {
      this.#lost(`The server answered with HTTP status ${response.status}.`)
      return
    }
    this.#handlers.received(JSON.stringify({ op: 'error', error }))
    const known = (closeCodes as Readonly<Record<string, number>>)[error.code]
    this.#over(known ?? (error.retryable ? abnormalClosure : closeCodes.bad_frame), error.message)
  }

  #lost(reason: string): void {
    this.#over(abnormalClosure, reason)
  }

  #over(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#uplink?.stop()
    this.#end.abort()
    this.#handlers.closed(code, reason)
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    const done = () => {
      timer.cancel()
      this.#end.abort()
    }
    const timer = this.#options.clock.after(farewellMs, () => this.#uplink?.stop())
    if (this.#uplink === undefined) done()
    else this.#uplink.close({ code, reason }, done)
  }
}

function errorIn(text: string): ErrorBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody>
    return typeof body.code === 'string' && typeof body.message === 'string' ? (body as ErrorBody) : undefined
  } catch {
    return undefined
  }
}
