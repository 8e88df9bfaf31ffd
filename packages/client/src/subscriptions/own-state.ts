import { encodeFrame, type ParleyError } from '@parley/protocol'
import type { Answer, Request } from '../requests.ts'

interface Entry {
  readonly value: unknown
  readonly resolve: () => void
  readonly reject: (error: ParleyError) => void
}

/**
 * The keyed-state entries that this client has set in a channel. The newest value of each name is sent, and sent again
 * after a reconnect, since the server may have forgotten it with the session.
 */
export class OwnState {
  readonly #channel: string
  readonly #request: Request
  readonly #entries = new Map<string, Entry>()

  constructor(channel: string, request: Request) {
    this.#channel = channel
    this.#request = request
  }

  /** Resolves when the server has this value, or a newer one of the same name. */
  set(name: string, value: unknown, canSend: boolean): Promise<void> {
    const before = this.#entries.get(name)
    const settled = new Promise<void>((resolve, reject) => {
      const entry: Entry = { value: value === undefined ? null : value, resolve, reject }
      this.#entries.set(name, entry)
      if (canSend) this.#send(name, entry)
    })
    // Whoever waits for an older value waits for this one; an error that nobody waits for is not an incident.
    settled.then(before?.resolve, before?.reject ?? (() => undefined))
    return settled
  }

  /** The subscription is live, perhaps in a new session. */
  sendAll(): void {
    for (const [name, entry] of this.#entries) this.#send(name, entry)
  }

  rejectAll(error: ParleyError): void {
    for (const entry of this.#entries.values()) entry.reject(error)
    this.#entries.clear()
  }

  #send(name: string, entry: Entry): void {
    const encode = (id: number): string =>
      encodeFrame({ op: 'set', id, channel: this.#channel, name, value: entry.value })
    this.#request(encode, (answer) => {
      // Lost, or the server has just ended the subscription: it is sent again with the next one.
      if (answer.status === 'lost' || isWithoutSubscription(answer)) return
      const isNewest = this.#entries.get(name) === entry
      if (answer.status === 'ok') {
        entry.resolve()
        if (isNewest && entry.value === null) this.#entries.delete(name)
        return
      }
      entry.reject(answer.error)
      if (isNewest && !answer.error.retryable) this.#entries.delete(name)
    })
  }
}

function isWithoutSubscription(answer: Answer): boolean {
  return answer.status === 'error' && answer.error.code === 'not_subscribed'
}
