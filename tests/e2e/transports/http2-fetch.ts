import { type ClientHttp2Session, connect } from 'node:http2'
import { Readable } from 'node:stream'

/** The part of `fetch` that transports use, over HTTP/2 alone: a connection for all requests, as in a browser. */
export class Http2Fetch {
  readonly #ca: string
  #session: ClientHttp2Session | undefined

  constructor(ca: string) {
    this.#ca = ca
  }

  readonly fetch: typeof fetch = async (target, init) => {
    const url = new URL(String(target))
    const session = this.#connected(url)
    const stream = session.request({
      ':method': init?.method ?? 'GET',
      ':path': url.pathname + url.search,
      ...(init?.headers as Record<string, string> | undefined),
    })
    const { signal } = init ?? {}
    signal?.addEventListener('abort', () => stream.close(), { once: true })
    const status = new Promise<number>((resolve, reject) => {
      stream.once('response', (headers) => resolve(Number(headers[':status'])))
      stream.once('error', reject)
      stream.once('close', () => reject(new Error('The stream was closed.')))
    })
    if (init?.body == null) stream.end()
    else stream.end(String(init.body))
    const code = await status
    stream.on('error', () => undefined)
    const body = code === 204 ? null : (Readable.toWeb(stream) as ReadableStream<Uint8Array>)
    return new Response(body, { status: code })
  }

  #connected(url: URL): ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(url.origin, { ca: this.#ca })
      this.#session.on('error', () => undefined)
    }
    return this.#session
  }

  close(): void {
    this.#session?.destroy()
  }
}
