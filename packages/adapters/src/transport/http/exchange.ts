import { Buffer, isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { appKeyIn, clientAddress, originAllowed } from '@parley/kernel'
import { errorStatus, ParleyError } from '@parley/protocol'
import type { LinkClock } from './link-clock.ts'
import { writableOf } from './stream/writable-of.ts'

/** What decides who may ask, and how much. */
export interface ExchangeRules {
  readonly allowedOrigins: readonly string[]
  readonly trustedProxies: number
  readonly maxBodyBytes: number
  readonly clock: Pick<LinkClock, 'after'>
}

/** A body has to be here after so long. */
const bodyTimeoutMs = 10_000
/** An answer has to be with the operating system after so long, or its client is gone without a word. */
const leaveMs = 15_000
const maxTokenLength = 8_192

/**
 * Nothing between us and the client may keep, change, compress or hold back what is sent: RFC 9111 §5.2.2, and the
 * header by which nginx is told not to buffer.
 */
const untouched = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' }

const json = { 'content-type': 'application/json; charset=utf-8', ...untouched }

/** What an answer may have besides its text. */
interface Further {
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes that come behind the text. */
  readonly rest?: Uint8Array | undefined
}

/** One request and its answer; over HTTP/2 they are of other classes with the same methods. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly #rules: ExchangeRules

  constructor(request: IncomingMessage, response: ServerResponse, rules: ExchangeRules) {
    this.request = request
    this.response = response
    this.#rules = rules
  }

  get ip(): string {
    const forwarded = this.request.headers['x-forwarded-for']?.toString()
    return clientAddress(this.request.socket.remoteAddress ?? '', forwarded, this.#rules.trustedProxies)
  }

  get origin(): string | undefined {
    return this.request.headers.origin
  }

  get userAgent(): string | undefined {
    return this.request.headers['user-agent']?.slice(0, 256)
  }

  /** The token of the header `Authorization`, or the app key of `X-API-Key`. */
  get credentials(): string | undefined {
    return this.token ?? appKeyIn(this.request.headers['x-api-key'])
  }

  /** The token of the header `Authorization`. */
  get token(): string | undefined {
    const token = /^Bearer +([^\s]+)$/i.exec(this.request.headers.authorization ?? '')?.[1]
    if (token !== undefined && token.length > maxTokenLength)
      throw new ParleyError('bad_request', `A token has at most ${maxTokenLength} characters.`)
    return token
  }

  /** Whether the client came by TLS, as far as that can be known. */
  get isSecure(): boolean {
    const { 'x-forwarded-proto': forwarded } = this.request.headers
    if (this.#rules.trustedProxies > 0 && forwarded !== undefined) return forwarded === 'https'
    return 'encrypted' in this.request.socket && this.request.socket.encrypted === true
  }

  get #isAllowed(): boolean {
    const { host, ':authority': authority } = this.request.headers
    return originAllowed(this.origin, host ?? authority?.toString(), this.#rules.allowedOrigins)
  }

  /** @throws ParleyError `forbidden` for pages that may not connect */
  checkOrigin(): void {
    if (this.#isAllowed) return
    const page = String(this.origin).slice(0, 200)
    throw new ParleyError(
      'forbidden',
      `Pages of ${page} may not connect. Add the origin to the allowed origins.`,
    )
  }

  /** What an application sends to a gateway in front of us may come with it: the names are the page's own. */
  get #allowedHeaders(): string {
    const { 'access-control-request-headers': asked = '' } = this.request.headers
    const usual = 'Authorization, Content-Type, Last-Event-ID, X-API-Key'
    return /^[\w-]+(?: *, *[\w-]+)*$/.test(asked) ? `${usual}, ${asked}` : usual
  }

  /** Answers what a browser asks before it sends such headers to another origin. */
  preflight(): void {
    this.response.writeHead(204, {
      ...this.#cors(),
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': this.#allowedHeaders,
      'access-control-max-age': '600',
    })
    this.response.end()
  }

  /**
   * The body as text.
   *
   * @throws ParleyError `payload_too_large`, `timeout`, `disconnected`, `bad_request` for what is not UTF-8
   */
  body(): Promise<string> {
    return read(this.request, this.#rules.maxBodyBytes)
  }

  /** Writes the head of an answer that goes on. */
  begin(contentType: string, headers: Readonly<Record<string, string>> = {}): void {
    const { request, response } = this
    request.socket.setTimeout(0)
    if (request.httpVersionMajor === 1) request.socket.setNoDelay(true)
    response.writeHead(200, { 'content-type': contentType, ...untouched, ...this.#cors(), ...headers })
    response.flushHeaders()
  }

  /** Answers with text, which is JSON or lines of it. */
  answer(status: number, text: string, { headers, rest }: Further = {}): void {
    const { response } = this
    if (response.headersSent || response.destroyed) return
    const length = Buffer.byteLength(text) + (rest?.length ?? 0)
    const usual = { 'content-length': String(length), ...json }
    response.writeHead(
      status,
      this.origin === undefined && headers === undefined ? usual : { ...usual, ...this.#cors(), ...headers },
    )
    if (rest !== undefined) response.write(text)
    response.end(rest ?? text)
    if (writableOf(response).writableLength === 0) return
    const timer = this.#rules.clock.after(leaveMs, () => response.destroy())
    response.on('close', () => timer.cancel())
  }

  /** Answers with an error body, as REST does. */
  refuse(error: ParleyError, status: number = errorStatus(error.code)): void {
    const { retryAfterMs } = error
    const retry = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
    // RFC 9110 §11.6.1.
    const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="parley"' } : {}
    this.answer(status, JSON.stringify(error.toBody()), { headers: { ...retry, ...challenge } })
  }

  #cors(): Record<string, string> {
    if (this.origin === undefined) return {}
    if (!this.#isAllowed) return { vary: 'Origin' }
    return {
      'access-control-allow-origin': this.origin,
      'access-control-expose-headers': 'Retry-After',
      'cross-origin-resource-policy': 'cross-origin',
      vary: 'Origin',
    }
  }
}

/** The whole body as text. One that is too large is read to its end, so that the sender gets to the answer. */
function read(request: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    let isWhole = false
    const timer = setTimeout(() => request.destroy(), bodyTimeoutMs).unref()
    const broken = () => {
      if (isWhole) return
      clearTimeout(timer)
      reject(new ParleyError('disconnected', 'The body did not come whole.'))
    }
    request.on('data', (piece: Buffer) => {
      size += piece.length
      if (size <= maxBytes) pieces.push(piece)
    })
    request.on('end', () => {
      isWhole = true
      clearTimeout(timer)
      const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
      if (size > maxBytes)
        reject(new ParleyError('payload_too_large', `The body has at most ${maxBytes} bytes.`))
      else if (isUtf8(bytes)) resolve(bytes.toString())
      else reject(new ParleyError('bad_request', 'The body is not UTF-8.'))
    })
    request.on('error', broken)
    request.on('close', broken)
  })
}
