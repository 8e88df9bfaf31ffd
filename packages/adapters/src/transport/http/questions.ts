import type { Relay } from '@parley/kernel'
import { type ErrorBody, errorStatus, ParleyError } from '@parley/protocol'
import type { Envelope } from './envelope.ts'
import { type Downlink, longestHoldMs, noSuchLink, type PolledDownlink } from './link.ts'
import type { Links } from './links.ts'
import type { PollLines } from './poll.ts'
import type { HeldRequest } from './polling/held-request.ts'
import type { SharedText } from './polling/shared-text.ts'
import type { Deposit, Tickets } from './tickets.ts'

/** What a client asks of the node that holds its link, whichever node it is talking to. */
export type Question =
  | { readonly what: 'send'; readonly envelope: Envelope; readonly message: string }
  | { readonly what: 'poll'; readonly envelope: Envelope }
  | { readonly what: 'redeem'; readonly ticket: string }

export interface Answer {
  readonly status: number
  readonly text: string
  /** Comes behind `text`, and goes to others too. */
  readonly shared?: SharedText | undefined
}

const defaultWaitMs = 25_000
/** Beyond the time that a poll is held. */
const answerMs = 5_000

/** Answers what is asked about links and tickets: here, or by the node that has them, whose id theirs begins with. */
export class Questions {
  readonly #links: Links
  readonly #tickets: Tickets
  #relay: Relay | undefined

  constructor(links: Links, tickets: Tickets) {
    this.#links = links
    this.#tickets = tickets
  }

  start(relay: Relay | undefined): void {
    this.#relay = relay
  }

  /** Whether nobody else has that link or ticket. */
  isHere(id: string | undefined): boolean {
    const node = nodeOf(id)
    return node === this.#links.node || this.#relay === undefined || node === ''
  }

  /**
   * Holds a poll of a link of this node until there is something to answer.
   *
   * @throws ParleyError for a link that is not there, and for what the client has done wrong
   */
  hold(envelope: Envelope, request: HeldRequest): void {
    const { downlink, ack, waitMs } = this.#polled(envelope)
    request.ask(downlink, ack, waitMs)
  }

  /** @throws ParleyError as {@link Relay.ask}, and for what the client has done wrong */
  async ask(question: Question): Promise<Answer> {
    const id = question.what === 'redeem' ? question.ticket : question.envelope.link
    if (this.#relay === undefined || this.isHere(id)) return this.#answer(question)
    const heldMs = question.what === 'poll' ? (question.envelope.waitMs ?? defaultWaitMs) : longestHoldMs
    const answer = await this.#relay.ask(nodeOf(id), JSON.stringify(question), heldMs + answerMs)
    return JSON.parse(answer) as Answer
  }

  /** Answers another node. */
  async answer(question: string): Promise<string> {
    try {
      const { status, text, shared } = await this.#answer(JSON.parse(question) as Question)
      return JSON.stringify({ status, text: text + (shared?.text ?? '') })
    } catch (error) {
      return JSON.stringify(refusalOf(error))
    }
  }

  async #answer(question: Question): Promise<Answer> {
    switch (question.what) {
      case 'send': {
        const { link = '', secret = '', seq, close } = question.envelope
        const found = this.#links.find(link, secret)
        if (found === undefined) throw noSuchLink()
        if (seq === undefined)
          throw new ParleyError('bad_request', 'The envelope lacks `seq`, the number of the message.')
        await found.take(seq, question.message, close)
        return { status: 200, text: `{"seq":${seq}}` }
      }
      case 'poll':
        return this.#held(question.envelope)
      case 'redeem': {
        const deposit: Deposit | undefined = this.#tickets.redeem(question.ticket)
        return { status: 200, text: JSON.stringify(deposit ?? null) }
      }
    }
  }

  /** Holds a poll of a client that talks to another node: it is not known when that client goes. */
  #held(envelope: Envelope): Promise<Answer> {
    return new Promise((resolve) => {
      const { downlink, ack, waitMs } = this.#polled(envelope)
      downlink.poll(ack, waitMs, {
        respond({ own, shared }: PollLines, sent?: () => void) {
          if (sent !== undefined) setImmediate(sent)
          resolve({ status: 200, text: own, shared })
        },
      })
    })
  }

  #polled({ link = '', secret = '', ack = 0, waitMs = defaultWaitMs }: Envelope) {
    const downlink = this.#links.find(link, secret)?.downlink
    if (downlink === undefined || !isPolled(downlink)) throw noSuchLink()
    return { downlink, ack, waitMs }
  }
}

function isPolled(downlink: Downlink): downlink is PolledDownlink {
  return downlink.poll !== undefined && downlink.abandon !== undefined
}

/** The node that has a link or ticket; empty where that cannot be. */
function nodeOf(id = ''): string {
  return id.slice(0, Math.max(0, id.indexOf('.')))
}

/** What an error amounts to as an answer. A link that is gone has a status of its own: no proxy tries it again. */
export function refusalOf(thrown: unknown): Answer & { readonly error: ParleyError } {
  const error = thrown instanceof ParleyError ? thrown : new ParleyError('internal')
  const status = error.code === 'disconnected' ? 410 : errorStatus(error.code)
  return { status, text: JSON.stringify(error.toBody()), error }
}

/** The error in an answer, if it is one. */
export function errorIn({ status, text }: Answer): ParleyError | undefined {
  return status < 400 ? undefined : ParleyError.from(JSON.parse(text) as ErrorBody)
}
