import type { Relay } from '@parley/kernel'
import { type ErrorBody, errorStatus, ParleyError } from '@parley/protocol'
import type { Envelope } from './envelope.ts'
import { longestHoldMs, noSuchLink } from './link.ts'
import type { Links } from './links.ts'
import type { Deposit, Tickets } from './tickets.ts'

/** What a client asks of the node that holds its link, whichever node it is talking to. */
export type Question =
  | { readonly what: 'send'; readonly envelope: Envelope; readonly message: string }
  | { readonly what: 'poll'; readonly envelope: Envelope }
  | { readonly what: 'redeem'; readonly ticket: string }

export interface Answer {
  readonly status: number
  readonly text: string
}

/** A request that may be given up while it is held. */
export interface Asker {
  /** Calls `gone` when nobody waits for the answer any more. */
  onGone(gone: () => void): void
  /** The answer has left. */
  onSent(sent: () => void): void
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

  /** @throws ParleyError as {@link Relay.ask}, and for what the client has done wrong */
  async ask(question: Question, asker: Asker): Promise<Answer> {
    const id = question.what === 'redeem' ? question.ticket : (question.envelope.link ?? '')
    const node = id.slice(0, id.indexOf('.'))
    if (node === this.#links.node || this.#relay === undefined || node === '')
      return this.#answer(question, asker)
    const heldMs = question.what === 'poll' ? (question.envelope.waitMs ?? defaultWaitMs) : longestHoldMs
    const answer = await this.#relay.ask(node, JSON.stringify(question), heldMs + answerMs)
    return JSON.parse(answer) as Answer
  }

  /** Answers another node. */
  async answer(question: string): Promise<string> {
    const nobody: Asker = { onGone: () => undefined, onSent: (sent) => void setImmediate(sent) }
    try {
      return JSON.stringify(await this.#answer(JSON.parse(question) as Question, nobody))
    } catch (error) {
      return JSON.stringify(refusalOf(error))
    }
  }

  async #answer(question: Question, asker: Asker): Promise<Answer> {
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
        return this.#poll(question.envelope, asker)
      case 'redeem': {
        const deposit: Deposit | undefined = this.#tickets.redeem(question.ticket)
        return { status: 200, text: JSON.stringify(deposit ?? null) }
      }
    }
  }

  #poll(
    { link = '', secret = '', ack = 0, waitMs = defaultWaitMs }: Envelope,
    asker: Asker,
  ): Promise<Answer> {
    const found = this.#links.find(link, secret)
    if (found?.downlink.poll === undefined) throw noSuchLink()
    const { downlink } = found
    return new Promise((resolve) => {
      const poll = {
        respond(text: string, sent?: () => void) {
          if (sent !== undefined) asker.onSent(sent)
          resolve({ status: 200, text })
        },
      }
      asker.onGone(() => downlink.abandon?.(poll))
      downlink.poll?.(ack, waitMs, poll)
    })
  }
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
