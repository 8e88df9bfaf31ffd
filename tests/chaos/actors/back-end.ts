import type { Position } from '@parley/client'
import type { Oracle } from '@parley/kernel/simulation'
import { signToken } from '../settings.ts'

export interface BackEndOptions {
  readonly name: string
  readonly url: string
  readonly oracle: Oracle
  readonly channel: string
}

const patienceMs = 5_000
const pauseMs = 100

/** A back end that publishes over REST, one event after the other, and repeats each with its key until it is answered. */
export class BackEnd {
  readonly #options: BackEndOptions
  #isWanted = true
  readonly #over = new AbortController()
  #done: Promise<void> = Promise.resolve()

  constructor(options: BackEndOptions) {
    this.#options = options
  }

  start(): void {
    this.#done = this.#work()
  }

  /** Fulfilled when the last event is answered. */
  stop(): Promise<void> {
    this.#isWanted = false
    return this.#done
  }

  /** It waits for no answer any more. */
  end(): void {
    this.#isWanted = false
    this.#over.abort()
  }

  async #work(): Promise<void> {
    const { name, oracle, channel } = this.#options
    for (let count = 1; this.#isWanted; count++) {
      const id = `${name}-${count}`
      const publication = oracle.sends({
        ...{ id, app: 'default', channel, user: name, target: undefined, type: 'published' },
        ...{ sender: name, isEven: count % 2 === 0 },
      })
      let place: Position | undefined
      while (place === undefined) {
        if (this.#over.signal.aborted) return
        place = await this.#publish(id, count % 2 === 0)
      }
      oracle.acked(publication, place)
      await pause()
    }
  }

  /** One attempt; undefined when it is to be made again. */
  async #publish(id: string, isEven: boolean): Promise<Position | undefined> {
    const { name, url, oracle, channel } = this.#options
    oracle.carried(id, 'server')
    try {
      const response = await fetch(`${url}/api/channels/${channel}/events`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${signToken(name)}`,
          'content-type': 'application/json',
          'idempotency-key': id,
        },
        body: JSON.stringify({
          ...{ id, type: 'sim.published', data: { n: id }, tags: { half: isEven ? 'even' : 'odd' } },
        }),
        signal: AbortSignal.any([this.#over.signal, AbortSignal.timeout(patienceMs)]),
      })
      const body = (await response.json()) as { readonly retryable?: boolean }
      if (response.ok) return body as unknown as Position
      if (body.retryable !== true)
        oracle.verdict.fault('answered', `${name} was refused ${id}: ${JSON.stringify(body)}`, { channel })
    } catch {
      // Nobody knows whether it was done: the same key tells.
    }
    await pause()
    return undefined
  }
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, pauseMs))
