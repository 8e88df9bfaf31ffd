import type { CallOptions, Priority } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import type { Clock, Timer } from '../platform.ts'
import type { OutgoingMessage, SentMessage } from './realtime-message.ts'

/** What a batch needs of a client. */
export type Call = (command: string, input: unknown, options: CallOptions) => Promise<unknown>

export interface BatchOptions {
  readonly clock: Clock
  readonly call: Call
  /** Messages that go together at most. */
  readonly size: number
  /** How long a message waits for others, in ms. */
  readonly intervalMs: number
  /** Nothing waits any more. */
  readonly emptied: () => void
}

interface Waiting {
  readonly message: OutgoingMessage
  readonly options: CallOptions
  readonly resolve: (sent: SentMessage) => void
  readonly reject: (error: unknown) => void
}

/** These do not wait for others. */
const urgent: ReadonlySet<Priority> = new Set<Priority>(['critical', 'urgent'])

/** Sends one message. */
export async function sendOne(
  call: Call,
  { channel, type, data, tags }: OutgoingMessage,
  options: CallOptions,
): Promise<SentMessage> {
  const input = { channel, type, data, ...(tags === undefined ? {} : { tags }) }
  const { id, offset } = (await call('channels.publish', input, options)) as SentMessage
  return { id, offset }
}

/**
 * Messages to one channel that wait a moment for each other and go in one call, in their order. One that is urgent does
 * not wait: it goes at once, with those before it.
 */
export class MessageBatch {
  readonly #options: BatchOptions
  #waiting: Waiting[] = []
  #timer: Timer | undefined

  constructor(options: BatchOptions) {
    this.#options = options
  }

  add(message: OutgoingMessage, options: CallOptions): Promise<SentMessage> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, options, resolve, reject })
      const { clock, intervalMs, size } = this.#options
      if (this.#waiting.length >= size || urgent.has(options.priority ?? 'normal')) this.flush()
      else this.#timer ??= clock.after(intervalMs, () => this.flush())
    })
  }

  /** Sends what waits. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = []
    this.#options.emptied()
    if (waiting.length > 0) void this.#send(waiting)
  }

  async #send(waiting: readonly Waiting[]): Promise<void> {
    if (waiting.length === 1) return this.#sendEach(waiting)
    const { call } = this.#options
    try {
      const events = waiting.map(({ message }) => message)
      const answer = await call('channels.publishMany', { events }, optionsOf(waiting))
      const sent = (answer as { readonly events: readonly SentMessage[] }).events
      for (const [index, { resolve, reject }] of waiting.entries()) {
        const one = sent[index]
        if (one === undefined) reject(new ParleyError('internal', 'The server answered for fewer messages.'))
        else resolve({ id: one.id, offset: one.offset })
      }
    } catch (error) {
      // One that is refused takes the others along: nothing was stored, and each is asked for by itself.
      if (error instanceof ParleyError && !error.retryable && error.code !== 'disconnected')
        this.#sendEach(waiting)
      else for (const { reject } of waiting) reject(error)
    }
  }

  #sendEach(waiting: readonly Waiting[]): void {
    for (const { message, options, resolve, reject } of waiting)
      sendOne(this.#options.call, message, options).then(resolve, reject)
  }
}

const ranks: readonly Priority[] = ['critical', 'urgent', 'high', 'normal', 'low', 'background']

/** Of messages that go together: the highest priority, and the deadline of who is least patient. */
function optionsOf(waiting: readonly Waiting[]): CallOptions {
  const priority = ranks.find((rank) => waiting.some(({ options }) => options.priority === rank))
  const timeouts = waiting.flatMap(({ options }) => options.timeoutMs ?? [])
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(timeouts.length === 0 ? {} : { timeoutMs: Math.min(...timeouts) }),
  }
}
