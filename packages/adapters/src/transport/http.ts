import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Accept, Limits, Logger, Metrics, Relay, Transport } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import { type Encoding, eventStream, ndjson } from './http/encoding.ts'
import { type Envelope, maxEnvelopeBytes, parseBody } from './http/envelope.ts'
import { Exchange, type ExchangeRules } from './http/exchange.ts'
import type { HttpLink } from './http/link.ts'
import type { LinkClock } from './http/link-clock.ts'
import { handshakeOf, Links } from './http/links.ts'
import { Listeners } from './http/listeners.ts'
import { HeldRequest } from './http/polling/held-request.ts'
import { JoinedLines } from './http/polling/joined-lines.ts'
import { gatherMs, PollDownlink } from './http/polling/poll-downlink.ts'
import { Pulse } from './http/polling/pulse.ts'
import { type Answer, errorIn, Questions, refusalOf } from './http/questions.ts'
import { streamDownlink } from './http/stream/stream-downlink.ts'
import { Tickets, ticketTtlMs } from './http/tickets.ts'

export interface HttpTransportOptions {
  /** Paths below which the transport is found; default `/realtime` and `/ws`. */
  readonly paths?: readonly string[]
  readonly limits: Pick<Limits, 'maxFrameBytes'>
  /** Origins of pages that may connect: exact, `https://*.example.org`, `self` or `*`. Default: `self`. */
  readonly allowedOrigins?: readonly string[]
  /** Number of proxies in front whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; default 0. */
  readonly trustedProxies?: number
  /** How long a client has to take what is left when its link is closed, in ms; default 3,000. */
  readonly closeTimeoutMs?: number
  /** A client that does not poll for so long, beyond the pause that it named, is gone; in ms, default 10,000. */
  readonly absenceMs?: number
  /** Default: the time of the process. */
  readonly clock: LinkClock
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A transport that is given the requests of an HTTP server. */
export interface HttpTransport extends Transport {
  /**
   * Answers a request that is for the transport, of HTTP/1.1, or of HTTP/2 by Node's compatible classes. False: it is for somebody
   * else, and was not touched.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean
}

/** How long the poll that opens a link may be held, by default. */
const openingWaitMs = 25_000
const longestPauseMs = 60_000

/**
 * Server-sent events, HTTP streaming and polling (PROTOCOL.md §1): downlinks of three kinds over one middle. What a
 * client sends comes in requests of its own, to any node.
 */
export function httpTransport(options: HttpTransportOptions): HttpTransport {
  return new HttpLinks(options)
}

type Verb = 'stream' | 'sse' | 'poll' | 'send' | 'tickets'
const verbs: ReadonlySet<string> = new Set<Verb>(['stream', 'sse', 'poll', 'send', 'tickets'])

class HttpLinks implements HttpTransport {
  readonly name = 'http'
  readonly #paths: readonly string[]
  readonly #rules: ExchangeRules
  readonly #logger: Logger
  readonly #links: Links
  readonly #tickets = new Tickets()
  readonly #questions: Questions
  readonly #listeners: Listeners
  readonly #encodings: Readonly<Record<'stream' | 'sse', Encoding>> = { stream: ndjson(), sse: eventStream() }
  readonly #absenceMs: number
  readonly #clock: LinkClock
  readonly #pulse: Pulse
  readonly #joined = new JoinedLines()
  readonly #refused

  constructor(options: HttpTransportOptions) {
    const { paths = ['/realtime', '/ws'], metrics } = options
    this.#paths = paths.map((path) => path.replace(/\/$/, ''))
    this.#rules = {
      allowedOrigins: options.allowedOrigins ?? ['self'],
      trustedProxies: options.trustedProxies ?? 0,
      maxBodyBytes: options.limits.maxFrameBytes + maxEnvelopeBytes,
      clock: options.clock,
    }
    this.#absenceMs = options.absenceMs ?? 10_000
    this.#logger = options.logger.child({ transport: this.name })
    this.#clock = options.clock
    this.#pulse = new Pulse(this.#clock, gatherMs)
    this.#links = new Links({
      ...{ closeTimeoutMs: options.closeTimeoutMs ?? 3_000, logger: this.#logger, clock: this.#clock },
    })
    this.#questions = new Questions(this.#links, this.#tickets)
    this.#listeners = new Listeners(this.#links)
    this.#refused = metrics.counter(
      'parley_http_refused_total',
      'Requests of HTTP transports refused, by HTTP status.',
      ['status'],
    )
  }

  start(accept: Accept, relay?: Relay): void {
    this.#questions.start(relay)
    this.#links.start(relay?.node ?? this.#clock.secret(48), accept)
  }

  stop(): Promise<void> {
    return this.#links.stop()
  }

  answer(question: string): Promise<string> {
    return this.#questions.answer(question)
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '' } = request
    const mark = url.indexOf('?')
    const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
    const slash = path.lastIndexOf('/')
    const verb = path.slice(slash + 1)
    if (!verbs.has(verb) || !this.#paths.includes(path.slice(0, slash))) return false
    void this.#serve(verb as Verb, new Exchange(request, response, this.#rules), { path, query })
    return true
  }

  async #serve(verb: Verb, exchange: Exchange, target: { path: string; query: string }): Promise<void> {
    try {
      const { method = '' } = exchange.request
      if (method === 'OPTIONS') exchange.preflight()
      else {
        exchange.checkOrigin()
        if (method === 'GET' && verb === 'sse') await this.#eventSource(exchange, target)
        else if (method === 'POST') await this.#post(verb, exchange)
        else
          exchange.refuse(
            new ParleyError('bad_request', `This path takes ${verb === 'sse' ? 'GET and POST' : 'POST'}.`),
            405,
          )
      }
    } catch (error) {
      this.#refuse(exchange, error)
    }
  }

  #refuse(exchange: Exchange, thrown: unknown): void {
    if (!(thrown instanceof ParleyError)) this.#logger.error('A request failed.', { error: thrown })
    const { error, status } = refusalOf(thrown)
    this.#refused.add(1, { status: String(status) })
    exchange.refuse(error, status)
  }

  async #post(verb: Verb, exchange: Exchange): Promise<void> {
    // Who is refused for what the node is need not send its body first.
    const { node } = this.#links
    const { envelope, message } = parseBody(await exchange.body())
    if (verb === 'send') this.#pass(exchange, await this.#questions.ask({ what: 'send', envelope, message }))
    else if (verb === 'poll' && envelope.link !== undefined) await this.#poll(exchange, envelope)
    else if (verb === 'tickets') {
      const { token } = exchange
      const ticket = this.#tickets.issue(node, { message, ...(token === undefined ? {} : { token }) })
      exchange.answer(200, JSON.stringify({ ticket, expiresInMs: ticketTtlMs }))
    } else if (verb === 'poll') this.#openPolling(exchange, message, envelope)
    else this.#openStream(exchange, message, { verb, token: exchange.credentials })
  }

  async #poll(exchange: Exchange, envelope: Envelope): Promise<void> {
    if (this.#questions.isHere(envelope.link)) this.#questions.hold(envelope, new HeldRequest(exchange))
    else this.#pass(exchange, await this.#questions.ask({ what: 'poll', envelope }))
  }

  #pass(exchange: Exchange, answer: Answer): void {
    if (answer.status >= 400) this.#refuse(exchange, errorIn(answer))
    else exchange.answer(answer.status, answer.text, { rest: answer.shared?.bytes })
  }

  #openStream(
    exchange: Exchange,
    message: string,
    { verb, token }: { readonly verb: 'stream' | 'sse'; readonly token: string | undefined },
  ): void {
    const encoding = this.#encodings[verb]
    const id = verb === 'sse' ? 'sse' : 'http-stream'
    this.#links.open(handshakeOf(exchange, id, token), message, (link) => {
      exchange.begin(encoding.contentType)
      const downlink = streamDownlink(exchange.response, encoding, link)
      downlink.send({ text: linkLine(link) })
      return downlink
    })
  }

  #openPolling(exchange: Exchange, message: string, { waitMs = openingWaitMs, pauseMs = 0 }: Envelope): void {
    this.#links.open(handshakeOf(exchange, 'polling', exchange.credentials), message, (link) => {
      const downlink = new PollDownlink(link, linkLine(link), {
        pauseMs: Math.min(pauseMs, longestPauseMs),
        absenceMs: this.#absenceMs,
        clock: this.#clock,
        pulse: this.#pulse,
        joined: this.#joined,
      })
      link.downlink = downlink
      new HeldRequest(exchange).ask(downlink, 0, waitMs)
      return downlink
    })
  }

  /** An `EventSource`, with a ticket; or somebody who listens with a token in a header. */
  async #eventSource(exchange: Exchange, { path, query }: { path: string; query: string }): Promise<void> {
    const parameters = new URLSearchParams(query)
    const ticket = parameters.get('ticket') ?? undefined
    const answer =
      ticket === undefined
        ? undefined
        : await this.#questions.ask({ what: 'redeem', ticket }).catch(() => undefined)
    const deposit = answer === undefined || answer.status >= 400 ? undefined : JSON.parse(answer.text)
    if (deposit?.message) this.#openStream(exchange, deposit.message, { verb: 'sse', token: deposit.token })
    else this.#listeners.open(exchange, { path, parameters, ticket, token: deposit?.token })
  }
}

/** The first line of a downlink: how the client names the link in its requests. */
function linkLine({ id, secret }: HttpLink): string {
  return JSON.stringify({ op: 'link', link: id, secret })
}
