import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request as open } from 'node:http'
import type { TransportClient, TransportListener } from '@parley/kernel/testing'

/** How a bare client of an HTTP transport gets what the node sends. */
export type Downlink = 'stream' | 'sse' | 'poll'

interface LinkName {
  readonly link: string
  readonly secret: string
}

/** A bare client of an HTTP transport, on Node's own `http`: it can stop reading. */
export class LinkClient implements TransportClient {
  readonly #url: string
  readonly #listener: TransportListener
  readonly #agent = new Agent({ keepAlive: true })
  readonly #opened: () => void
  /** Fulfilled when the link has a name. */
  readonly ready: Promise<void>
  name: LinkName | undefined
  #downlink: IncomingMessage | undefined
  #request: ClientRequest | undefined
  #queue: string[] = []
  #close: { code: number; reason: string } | undefined
  #sending = false
  #seq = 0
  #ack = 0
  #isStalled = false
  #wake: (() => void) | undefined
  #isOver = false

  private constructor(url: string, listener: TransportListener) {
    this.#url = url
    this.#listener = listener
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    this.#opened = resolve
  }

  /** Opens a link; rejects when the server refuses. */
  static async open(
    url: string,
    kind: Downlink,
    listener: TransportListener,
    message = '',
  ): Promise<LinkClient> {
    const client = new LinkClient(url, listener)
    if (kind === 'poll') await client.#openPolling(message)
    else await client.#openStream(kind, message)
    return client
  }

  async #openStream(kind: 'stream' | 'sse', message: string): Promise<void> {
    const response = await this.#post(kind, {}, message)
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await textOf(response)}`)
    this.#downlink = response
    response.setEncoding('utf8')
    let rest = ''
    const end = kind === 'sse' ? '\n\n' : '\n'
    response.on('data', (text: string) => {
      const parts = (rest + text).split(end)
      rest = parts.pop() ?? ''
      for (const part of parts) this.#heard(kind === 'sse' ? part.replaceAll(/^data: /gm, '') : part)
    })
    response.on('error', () => undefined)
    response.on('close', () => this.#over(1006, ''))
    await this.ready
  }

  async #openPolling(message: string): Promise<void> {
    const response = await this.#post('poll', { waitMs: 20 }, message)
    const text = await textOf(response)
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${text}`)
    this.#answered(text)
    void this.#poll()
  }

  async #poll(): Promise<void> {
    while (!this.#isOver) {
      if (this.#isStalled) await new Promise<void>((resolve) => (this.#wake = resolve))
      if (this.#isOver) return
      const response = await this.#post('poll', { ...this.name, ack: this.#ack, waitMs: 5_000 }).catch(
        () => undefined,
      )
      if (response === undefined) return
      const text = await textOf(response).catch(() => '')
      if (response.statusCode === 200) this.#answered(text)
      else this.#over(1006, text)
    }
  }

  #answered(text: string): void {
    const [line = '{}', ...messages] = text.split('\n')
    this.#ack = Number((JSON.parse(line) as { seq?: number }).seq)
    for (const message of messages) this.#heard(message)
  }

  #heard(text: string): void {
    if (text.startsWith('{"op":"link"')) {
      this.name = JSON.parse(text) as LinkName
      this.name = { link: this.name.link, secret: this.name.secret }
      this.#opened()
      this.#flush()
    } else if (text.startsWith('{"op":"close"')) {
      const { code, reason } = JSON.parse(text) as { code: number; reason: string }
      this.#over(code, reason)
    } else if (text !== '' && !this.#isOver) this.#listener.message(text)
  }

  #over(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wake?.()
    this.#listener.closed(code, reason)
  }

  send(text: string): void {
    this.#queue.push(text)
    this.#flush()
  }

  close(code: number, reason: string): void {
    this.#close = { code, reason }
    this.#flush()
  }

  #flush(): void {
    if (this.#sending || this.name === undefined || this.#isOver) return
    const text = this.#queue.shift()
    const close = text === undefined ? this.#close : undefined
    if (text === undefined && close === undefined) return
    this.#sending = true
    this.#seq += 1
    void this.#post('send', { ...this.name, seq: this.#seq, ...(close === undefined ? {} : { close }) }, text)
      .then(textOf)
      .catch(() => undefined)
      .then(() => {
        this.#sending = false
        if (close !== undefined) this.#over(close.code, close.reason)
        else this.#flush()
      })
  }

  async #post(verb: string, envelope: object, message?: string): Promise<IncomingMessage> {
    const request = open(`${this.#url}/${verb}`, { method: 'POST', agent: this.#agent })
    if (verb !== 'send') this.#request = request
    request.on('error', () => undefined)
    request.end(JSON.stringify(envelope) + (message === undefined ? '' : `\n${message}`))
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response
  }

  drop(): void {
    this.#isOver = true
    this.#request?.destroy()
    this.#agent.destroy()
  }

  stall(): void {
    this.#isStalled = true
    this.#downlink?.pause()
  }

  resume(): void {
    this.#isStalled = false
    this.#downlink?.resume()
    this.#wake?.()
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += String(piece)
  return text
}
