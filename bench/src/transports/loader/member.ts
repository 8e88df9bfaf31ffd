import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import type { Tally } from '../../loader/tally.ts'

const mark = Buffer.from('"t":1')

/** One subscriber over HTTP: counts payloads as they come, whatever stands around them. */
export class Member {
  readonly #tally: Tally
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 })
  readonly #port: number
  #rest: Buffer = Buffer.alloc(0)
  /** Notes how old what arrives is. */
  sampled = false
  isOver = false

  constructor(port: number, tally: Tally) {
    this.#port = port
    this.#tally = tally
  }

  /** Sends a request; fulfilled when the head of the answer is here. */
  async send(
    method: 'GET' | 'POST',
    path: string,
    {
      body,
      headers = {},
    }: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<IncomingMessage> {
    const made = request({
      ...{ host: '127.0.0.1', port: this.#port, method, path, agent: this.#agent },
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    })
    made.on('error', (error) => this.failed(error.message))
    made.end(body)
    const [response] = (await once(made, 'response')) as [IncomingMessage]
    response.on('error', (error) => this.failed(error.message))
    if ((response.statusCode ?? 0) >= 400) this.failed(`HTTP status ${response.statusCode} for ${path}`)
    return response
  }

  /** Counts what a stream brings, until it ends. */
  follow(response: IncomingMessage, onText?: (text: string) => void): void {
    response.on('data', (bytes: Buffer) => {
      onText?.(bytes.toString('latin1'))
      this.count(bytes)
    })
    response.on('end', () => this.failed('the stream ended'))
  }

  /** The whole of an answer, counted. */
  async whole(response: IncomingMessage): Promise<string> {
    const pieces: Buffer[] = []
    for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    this.#rest = Buffer.alloc(0)
    this.count(bytes)
    return bytes.toString('utf8')
  }

  count(bytes: Buffer): void {
    const joined = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let found = 0
    for (let at = joined.indexOf(mark); at >= 0; at = joined.indexOf(mark, at + mark.length)) found += 1
    this.#tally.deliveries += found
    this.#rest = joined.subarray(Math.max(0, joined.length - mark.length + 1))
    if (this.sampled && found > 0) this.#tally.note(bytes, this.#tally.latencies)
    this.#tally.pump?.()
  }

  failed(problem: string): void {
    if (!this.isOver) this.#tally.problem ??= problem
  }

  close(): void {
    this.isOver = true
    this.#agent.destroy()
  }
}
