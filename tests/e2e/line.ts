import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

const tickMs = 50
const bufferBytes = 16_384

/** Bytes of a connection on their way from the server to a client. */
interface Flow {
  readonly upstream: Socket
  readonly downstream: Socket
  /** Bytes that may pass until the next tick. */
  budget: number
}

/**
 * A line between clients and a server, as bad as a test wants it: slow, dead or cut. Nothing is buffered on the way, so
 * that the server's own socket fills as that of a slow reader does.
 */
export class Line {
  /** Each connection passes so much towards its client. 0: the connections live, and nothing arrives. */
  bytesPerSecond = Number.POSITIVE_INFINITY
  readonly #server: Server
  readonly #flows = new Set<Flow>()
  readonly #clock: NodeJS.Timeout
  #isCut = false

  private constructor(port: number) {
    this.#server = createServer({ noDelay: true }, (downstream) => this.#accept(downstream, port))
    this.#clock = setInterval(() => this.#tick(), tickMs)
  }

  /** A line to a port of this machine. */
  static async to(port: number): Promise<Line> {
    const line = new Line(port)
    line.#server.listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    return line
  }

  /** Where clients connect. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { readonly port: number }).port}`
  }

  /** Ends all connections without a word, and makes none until `mend`. */
  cut(): void {
    this.#isCut = true
    for (const { upstream, downstream } of this.#flows) {
      upstream.destroy()
      downstream.destroy()
    }
  }

  mend(): void {
    this.#isCut = false
  }

  async close(): Promise<void> {
    this.cut()
    clearInterval(this.#clock)
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(downstream: Socket, port: number): void {
    downstream.on('error', () => undefined)
    if (this.#isCut) {
      downstream.destroy()
      return
    }
    const upstream = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(bufferBytes),
        // False stops reading: what the server sends then stays in its socket.
        callback: (count, buffer) => this.#pass(flow, Buffer.from(buffer.subarray(0, count))),
      },
    })
    const flow: Flow = { upstream, downstream, budget: this.#share() }
    this.#flows.add(flow)
    upstream.on('error', () => undefined)
    upstream.on('end', () => downstream.end())
    upstream.on('close', () => downstream.end())
    downstream.on('close', () => {
      this.#flows.delete(flow)
      upstream.destroy()
    })
    downstream.on('drain', () => this.#resume(flow))
    downstream.pipe(upstream)
  }

  #pass(flow: Flow, bytes: Buffer): boolean {
    flow.downstream.write(bytes)
    flow.budget -= bytes.length
    return this.#isOpen(flow)
  }

  #tick(): void {
    for (const flow of this.#flows) {
      flow.budget = Math.min(flow.budget + this.#share(), this.#share())
      this.#resume(flow)
    }
  }

  #resume(flow: Flow): void {
    if (this.#isOpen(flow)) flow.upstream.resume()
    else flow.upstream.pause()
  }

  #isOpen({ budget, downstream }: Flow): boolean {
    return this.bytesPerSecond > 0 && budget > 0 && !downstream.writableNeedDrain
  }

  #share(): number {
    return (this.bytesPerSecond * tickMs) / 1000
  }
}
