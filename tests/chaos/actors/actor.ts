import { type Client, type ClientOptions, createClient, ParleyError, type Position } from '@parley/client'
import type { Oracle, Publication } from '@parley/kernel/simulation'
import { signToken } from '../settings.ts'
import { Follower, type Following } from './follower.ts'

/** A call that has no answer yet, as the application has written it down. */
interface Noted {
  readonly command: string
  readonly input: object
  readonly publications: readonly Publication[]
}

export interface ActorOptions {
  readonly name: string
  readonly oracle: Oracle
  readonly follows: readonly Omit<Following, 'who'>[]
  /** Everything else that its client is made with. */
  readonly client: ClientOptions
}

/** An application with a real client: it publishes, follows channels, and may be closed and opened again. */
export class Actor {
  readonly name: string
  /** How often a usable connection ended, by close code. */
  readonly ends = new Map<number, number>()
  readonly #options: ActorOptions
  readonly #followers: readonly Follower[]
  /** What survives a reload: calls without an answer, by their keys. */
  readonly #notes = new Map<string, Noted>()
  #client: Client | undefined
  #life = 0
  #sent = 0
  #unanswered = 0

  constructor(options: ActorOptions) {
    const { name, oracle, follows } = options
    this.name = name
    this.#options = options
    this.#followers = follows.map((following) => {
      const who = following.isFiltered === true ? `${name} (filtered)` : name
      return new Follower(oracle, { ...following, who })
    })
  }

  get isConnected(): boolean {
    return this.#client?.status === 'connected'
  }

  /** Calls without an answer. */
  get unanswered(): number {
    return this.#unanswered
  }

  /** Nothing is open any more that will go on by itself. */
  get isQuiet(): boolean {
    return this.isConnected && this.#unanswered === 0 && this.#followers.every(({ isQuiet }) => isQuiet)
  }

  /** What it waits for. */
  get standing(): string {
    const open = this.#followers.filter(({ isQuiet }) => !isQuiet).map(({ standing }) => standing)
    const status = this.#client?.status ?? 'closed'
    return `${this.name} is ${status}, waits for ${this.#unanswered} answers; ${open.join(', ')}`
  }

  /** What is noted is sent again, and everything goes on where it stood. */
  open(): void {
    if (this.#client !== undefined) return
    this.#life += 1
    const client = createClient({
      getToken: async () => signToken(this.name),
      callTimeoutMs: 60_000,
      maxRetries: 1_000,
      reconnect: { baseMs: 100, capMs: 1_500 },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      ...this.#options.client,
    })
    this.#client = client
    client.on('error', (error) => this.#failed(error))
    client.on('disconnect', ({ code }) => this.ends.set(code, (this.ends.get(code) ?? 0) + 1))
    void client.connect().catch(() => undefined)
    for (const follower of this.#followers) follower.open(client)
    for (const [key, noted] of this.#notes) this.#call(noted, key)
  }

  /** The page is closed; what is noted stays. */
  shut(): void {
    const client = this.#client
    if (client === undefined) return
    for (const follower of this.#followers) follower.suspend()
    // What nobody waits for any more may still come to pass, and late.
    for (const { publications } of this.#notes.values())
      for (const publication of publications) publication.hasNoOrder = true
    this.#client = undefined
    this.#life += 1
    this.#unanswered = 0
    client.disconnect()
  }

  publish(channel: string, ballast?: string): void {
    const publication = this.#sends(channel, 'one')
    this.#send({
      command: 'channels.publish',
      input: inputOf(publication, ballast),
      publications: [publication],
    })
  }

  /** Events of several channels, all or none. */
  publishMany(channels: readonly string[]): void {
    const publications = channels.map((channel) => this.#sends(channel, 'many'))
    const events = publications.map((publication) => inputOf(publication))
    this.#send({ command: 'channels.publishMany', input: { events }, publications })
  }

  #sends(channel: string, lane: string): Publication {
    this.#sent += 1
    return this.#options.oracle.sends({
      id: `${this.name}-${this.#sent}`,
      ...{ app: 'default', channel, user: this.name, target: undefined, type: 'published' },
      // Calls of another lane keep another order.
      ...{ sender: `${this.name} ${lane}`, isEven: this.#sent % 2 === 0 },
    })
  }

  #send(noted: Noted): void {
    const key = `${this.name}-key-${this.#sent}`
    this.#notes.set(key, noted)
    this.#call(noted, key)
  }

  #call(noted: Noted, key: string): void {
    const life = this.#life
    const client = this.#client
    if (client === undefined) return
    this.#unanswered += 1
    client.call(noted.command, noted.input as never, { key }).then(
      (output: unknown) => {
        if (life === this.#life) this.#answered(noted, key, output)
      },
      (error: unknown) => {
        if (life === this.#life) this.#refused(noted, key, error)
      },
    )
  }

  #answered({ publications }: Noted, key: string, output: unknown): void {
    this.#unanswered -= 1
    this.#notes.delete(key)
    const { events = [output] } = output as { readonly events?: readonly unknown[] }
    for (const [index, publication] of publications.entries())
      this.#options.oracle.acked(publication, events[index] as Position | undefined)
  }

  #refused(noted: Noted, key: string, error: unknown): void {
    this.#unanswered -= 1
    for (const one of noted.publications) one.hasNoOrder = true
    if (error instanceof ParleyError && (error.retryable || mayHaveHappened.has(error.code))) {
      const life = this.#life
      setTimeout(() => {
        if (life === this.#life) this.#call(noted, key)
      }, 500)
      return
    }
    this.#notes.delete(key)
    for (const one of noted.publications) one.state = 'refused'
    const { id, channel } = noted.publications[0] as Publication
    const about = { channel, who: this.name }
    this.#options.oracle.verdict.fault('answered', `${this.name} was refused ${id}: ${error}`, about)
  }

  #failed(error: ParleyError): void {
    if (error.code !== 'bad_frame') return
    const { cause } = error
    const text = `${this.name} could not read what came: ${error.message} ${cause}`
    this.#options.oracle.verdict.fault('answered', text, { who: this.name })
  }
}

/** Errors of the client after which nobody knows what became of a call. */
const mayHaveHappened: ReadonlySet<string> = new Set(['timeout', 'disconnected', 'cancelled'])

function inputOf({ channel, id, isEven }: Publication, ballast?: string) {
  return {
    ...{ channel, id, type: 'sim.published', tags: { half: isEven ? 'even' : 'odd' } },
    data: { n: id, ...(ballast === undefined ? {} : { ballast }) },
  }
}
