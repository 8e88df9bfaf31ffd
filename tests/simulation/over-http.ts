import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type HttpTransport, httpTransport } from '@parley/adapters/transport/http'
import {
  fallbackTransport,
  httpStreamTransport,
  pollingTransport,
  sseTransport,
} from '@parley/client/transports'
import type { Accept, Connection, ConnectionHandler, Handshake, Timer, Transport } from '@parley/kernel'
import { memoryMetrics, silentLogger } from '@parley/kernel/memory'
import { socketTransport, socketUrl, uplinkUrl, type Wire } from '@parley/kernel/simulation'

type Below = Parameters<Wire['client']>[0]

const downlinks = {
  sse: sseTransport,
  'http-stream': httpStreamTransport,
  polling: pollingTransport,
} as const

/** What may carry messages; over a WebSocket they go as they are. */
export const wireNames: readonly string[] = ['websocket', ...Object.keys(downlinks)]

/**
 * The transports over HTTP, both halves as they are: only requests and responses are simulated. Each request has a
 * connection of its own, to any node, and everything happens to it that happens to connections.
 */
export function wireOf(name: string | undefined): Wire | undefined {
  if (name === undefined || !Object.hasOwn(downlinks, name)) return undefined
  const make = downlinks[name as keyof typeof downlinks]
  return {
    node: nodeHalf,
    client: (below, clock) => make({ clock, fetch: fetchOver(below), EventSource: null }),
  }
}

/** WebSockets and, where they do not get through, requests: each client takes what works, and goes back to the first. */
export const anyWire: Wire = {
  node: (below, parts) => nodeHalf(below, parts),
  client: (below, clock) => {
    const options = { clock, fetch: fetchOver(below), EventSource: null }
    const sockets = {
      name: 'websocket',
      open: (_url: string, handlers: Parameters<Below['open']>[1]) => below.open(socketUrl, handlers),
    }
    return fallbackTransport([sockets, sseTransport(options), pollingTransport(options)], {
      ...{ clock, patienceMs: 2_000, hedgeMs: 700, upgradeMs: 2_000 },
    })
  },
}

const nodeHalf: Wire['node'] = (below, { clock, carried }) => {
  const http = httpTransport({
    ...{ clock, logger: silentLogger, metrics: memoryMetrics(), absenceMs: 4_000, closeTimeoutMs: 1_000 },
    limits: { maxFrameBytes: 262_144 },
  })
  return {
    name: http.name,
    async start(accept, relay) {
      await http.start(watched(accept, carried), relay)
      await below.start((connection, handshake) =>
        handshake.transport === socketTransport
          ? accept(connection, handshake)
          : new Served(connection, http, clock),
      )
    },
    answer: (question) => (http as Required<Transport>).answer(question),
    async stop() {
      await http.stop()
      await below.stop()
    },
  }
}

/** Tells of each message that the node is handed. */
function watched(accept: Accept, carried: (message: string) => void): Accept {
  return (connection: Connection, handshake: Handshake): ConnectionHandler => {
    const handler = accept(connection, handshake)
    return {
      receive(message) {
        carried(message)
        handler.receive(message)
      },
      drained: () => handler.drained(),
      heard: () => handler.heard?.(),
      inTurn: (run) => handler.inTurn?.(run),
      closed: (code, reason) => handler.closed(code, reason),
    }
  }
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A part of a response. */
type Part = { readonly status: number } | { readonly data: string } | { readonly end: true }

/** A connection without a request is closed after so long, as Node's HTTP server does (`headersTimeout`). */
const requestTimeoutMs = 10_000

/** One request at a node. */
class Served implements ConnectionHandler {
  readonly #timer: Timer
  readonly #http: HttpTransport
  readonly #response: FakeResponse

  constructor(connection: Connection, http: HttpTransport, clock: Parameters<Wire['node']>[1]['clock']) {
    this.#timer = clock.after(requestTimeoutMs, () => connection.close(1001, ''))
    this.#http = http
    this.#response = new FakeResponse(connection)
  }

  receive(text: string): void {
    const asked = parsed<Asked>(text)
    if (asked === undefined) return
    this.#timer.cancel()
    const request = new FakeRequest(asked)
    const response = this.#response
    response.once('close', () => request.emit('close'))
    const isOurs = this.#http.handle(
      request as unknown as IncomingMessage,
      response as unknown as ServerResponse,
    )
    if (!isOurs) response.destroy()
    request.emit('data', Buffer.from(asked.body))
    request.emit('end')
  }

  drained(): void {
    this.#response.drained()
  }

  closed(): void {
    this.#timer.cancel()
    this.#response.gone()
  }
}

class FakeRequest extends EventEmitter {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly httpVersionMajor = 1
  readonly socket = {
    remoteAddress: '127.0.0.1',
    setTimeout: () => undefined,
    setNoDelay: () => undefined,
  }

  constructor({ method, url, headers }: Asked) {
    super()
    this.method = method
    this.url = new URL(url).pathname
    this.headers = headers
  }

  destroy(): void {
    this.emit('close')
  }
}

class FakeResponse extends EventEmitter {
  headersSent = false
  destroyed = false
  writableFinished = false
  #isEnded = false
  #waiting: (() => void)[] = []
  readonly #connection: Connection

  constructor(connection: Connection) {
    super()
    this.#connection = connection
  }

  get writableLength(): number {
    return this.#connection.bufferedBytes
  }

  writeHead(status: number): void {
    this.headersSent = true
    this.#send({ status })
  }

  flushHeaders(): void {
    // Each part leaves at once.
  }

  write(bytes: Uint8Array | string, written?: () => void): void {
    if (bytes.length > 0) this.#send({ data: Buffer.from(bytes as Uint8Array).toString() })
    if (written !== undefined) this.#waiting.push(written)
    if (this.writableLength === 0) queueMicrotask(() => this.drained())
  }

  end(bytes?: Uint8Array | string): void {
    if (bytes !== undefined) this.#send({ data: Buffer.from(bytes as Uint8Array).toString() })
    this.#send({ end: true })
    this.#isEnded = true
    if (this.writableLength === 0) this.#finish()
  }

  destroy(): void {
    this.#connection.close(1001, '')
  }

  /** All that was written is with the network. */
  drained(): void {
    for (const written of this.#waiting.splice(0)) written()
    if (this.#isEnded && this.writableLength === 0) this.#finish()
  }

  gone(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }

  #finish(): void {
    if (this.writableFinished) return
    this.writableFinished = true
    this.#connection.close(1000, '')
  }

  // As one line that is no frame: who watches frames on the network is not to take it for one.
  #send(part: Part): void {
    this.#connection.send({ text: JSON.stringify([part]) })
  }
}

/** `fetch` over a connection of the network for each request. */
function fetchOver(below: Below): typeof fetch {
  return (url, init = {}) =>
    new Promise((resolve, reject) => {
      const { signal } = init
      const body = new Body()
      let isOver = false
      const fail = (problem: string) => {
        isOver = true
        const error = new TypeError(problem)
        body.fail(error)
        reject(error)
      }
      if (signal?.aborted === true) {
        fail('aborted')
        return
      }
      const asked: Asked = {
        ...{ method: init.method ?? 'GET', url: String(url), body: String(init.body ?? '') },
        headers: init.headers as Readonly<Record<string, string>>,
      }
      const link = below.open(asked.url.endsWith('/send') ? uplinkUrl : '', {
        opened: () => link.send(JSON.stringify(asked)),
        received(text) {
          const [part] = parsed<readonly Part[]>(text) ?? []
          if (part === undefined || isOver) return
          if ('status' in part) resolve(responseOf(part.status, body))
          else if ('data' in part) body.push(part.data)
          else {
            isOver = true
            body.end()
            link.close(1000, '')
          }
        },
        closed: () => fail('the connection broke'),
      })
      signal?.addEventListener(
        'abort',
        () => {
          if (isOver) return
          link.close(1001, '')
          fail('aborted')
        },
        { once: true },
      )
    })
}

function responseOf(status: number, body: Body): Response {
  const response = {
    ok: status < 300,
    status,
    text: () => body.text(),
    body: { getReader: () => ({ read: () => body.read() }) },
  }
  return response as unknown as Response
}

type Chunk = { readonly done: boolean; readonly value?: Uint8Array }

/** What is read of a response as it comes. */
class Body {
  readonly #chunks: string[] = []
  #isEnded = false
  #error: Error | undefined
  #wake: () => void = () => undefined

  push(text: string): void {
    this.#chunks.push(text)
    this.#wake()
  }

  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  fail(error: Error): void {
    if (this.#isEnded) return
    this.#error = error
    this.#wake()
  }

  async read(): Promise<Chunk> {
    while (this.#chunks.length === 0) {
      if (this.#isEnded) return { done: true }
      if (this.#error !== undefined) throw this.#error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return { done: false, value: new TextEncoder().encode(this.#chunks.shift()) }
  }

  async text(): Promise<string> {
    let text = ''
    for (;;) {
      const { done, value } = await this.read()
      if (done) return text
      text += new TextDecoder().decode(value)
    }
  }
}

/** Of a message that was cut there is nothing. */
function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}
