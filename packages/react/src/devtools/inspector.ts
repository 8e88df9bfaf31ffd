import type { Client, ConnectionSnapshot, Subscription } from '@parley/client'

/** A frame that went over the wire. */
export interface InspectedFrame {
  readonly key: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly direction: 'in' | 'out'
  /** At most 2,000 characters; tokens and secrets are taken out. */
  readonly text: string
}

/** A call of the application, and what became of it. */
export interface InspectedCall {
  readonly key: number
  readonly command: string
  readonly at: number
  /** `waiting`: without an answer, whether it has been sent or not. */
  readonly state: 'waiting' | 'answered' | 'failed'
  readonly elapsedMs?: number
  readonly code?: string
}

export interface InspectedChannel {
  readonly channel: string
  readonly status: string
  readonly offset: number | undefined
}

/** What the panel shows; a new object when something of it changed. */
export interface Inspection {
  readonly connection: ConnectionSnapshot
  readonly url: string
  readonly channels: readonly InspectedChannel[]
  /** Newest first, the last 200. */
  readonly frames: readonly InspectedFrame[]
  /** Those without an answer, then the last 50 that have one, newest first. */
  readonly calls: readonly InspectedCall[]
}

const maxFrames = 200
const maxDone = 50
const maxTextLength = 2_000
/** Frames may come by the thousand: the panel is told of them so often. */
const tellMs = 100

const secrets = /"(token|secret)"\s*:\s*"(?:[^"\\]|\\.)*"/g

/** Remembers what a client does, in bounded lists. Nothing is computed while no panel looks. */
export class Inspector {
  readonly #listeners = new Set<() => void>()
  readonly #subscriptions = new Set<Subscription>()
  #client: Client | undefined
  #frames: InspectedFrame[] = []
  readonly #waiting = new Map<number, InspectedCall>()
  #done: InspectedCall[] = []
  #count = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #shown: Inspection | undefined

  /** The client that is looked at: its calls and subscriptions are recorded from here on. */
  attach(client: Client): void {
    const { call, subscribe } = client
    this.#client = client
    Object.assign(client, {
      call: (...args: Parameters<Client['call']>) => this.#record(args[0], call(...args)),
      subscribe: (...args: Parameters<Client['subscribe']>) => {
        const subscription = subscribe(...args)
        this.#forgetEnded()
        this.#subscriptions.add(subscription)
        this.#changed()
        return subscription
      },
    })
    client.on('status', () => this.#changed())
  }

  frame(direction: 'in' | 'out', message: string): void {
    const at = Date.now()
    for (const frame of message.split('\n')) {
      if (frame === '') continue
      this.#count += 1
      const text = frame.replace(secrets, '"$1":"[secret]"').slice(0, maxTextLength)
      this.#frames.push({ key: this.#count, at, direction, text })
    }
    if (this.#frames.length > 2 * maxFrames) this.#frames = this.#frames.slice(-maxFrames)
    this.#changed()
  }

  clearFrames(): void {
    this.#frames = []
    this.#changed()
  }

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    this.#shown = undefined
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  readonly inspect = (): Inspection => {
    this.#shown ??= this.#look()
    return this.#shown
  }

  #look(): Inspection {
    this.#forgetEnded()
    const { url = '', connection = { status: 'disconnected', online: true } } = this.#client ?? {}
    return {
      ...{ url, connection },
      channels: [...this.#subscriptions].map(({ channel, status, position }) => ({
        ...{ channel, status, offset: position?.offset },
      })),
      frames: this.#frames.slice(-maxFrames).reverse(),
      calls: [...[...this.#waiting.values()].reverse(), ...this.#done],
    }
  }

  #record<Answer>(command: string, answer: Promise<Answer>): Promise<Answer> {
    this.#count += 1
    const call: InspectedCall = { key: this.#count, command, at: Date.now(), state: 'waiting' }
    this.#waiting.set(call.key, call)
    this.#changed()
    const settled = (result: Pick<InspectedCall, 'state' | 'code'>): void => {
      this.#waiting.delete(call.key)
      this.#done = [{ ...call, ...result, elapsedMs: Date.now() - call.at }, ...this.#done].slice(0, maxDone)
      this.#changed()
    }
    answer.then(
      () => settled({ state: 'answered' }),
      (error: { readonly code?: unknown }) => settled({ state: 'failed', code: String(error?.code) }),
    )
    return answer
  }

  #forgetEnded(): void {
    for (const subscription of this.#subscriptions)
      if (subscription.status === 'unsubscribed') this.#subscriptions.delete(subscription)
  }

  #changed(): void {
    if (this.#listeners.size === 0 || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#shown = undefined
      for (const listener of [...this.#listeners]) listener()
    }, tellMs)
  }
}
