import { type Client, createClient, type Subscription, websocketTransport } from '@parley/client'
import { type Heard, judge } from './judge.ts'

/** A client that publishes to the channel of its crowd and listens to it. */
export interface Party {
  readonly name: string
  readonly client: Client
  readonly subscription: Subscription
  /** Head of the channel when it began to listen. */
  readonly after: number
  readonly heard: Heard[]
}

export interface CrowdOptions {
  readonly server: { readonly url: string; token(name: string): Promise<string> }
  readonly channel: string
  readonly size: number
  /** Names are `user-0`, `user-1` and so on, unless this says otherwise. */
  readonly names?: string
  /** Where the clients connect to, when there is something in front of the server. */
  readonly url?: string
  /** Told whenever a client tries to connect. */
  readonly onAttempt?: (name: string) => void
}

/** Real clients in one channel, and what they were promised and heard. */
export class Crowd {
  readonly channel: string
  readonly parties: Party[] = []
  /** Text → offset of every event that the server acknowledged. */
  readonly acked = new Map<string, number>()
  /** Refused publishes, positions that were not recovered, subscriptions that ended. */
  readonly troubles: string[] = []
  /** How often a usable connection ended. */
  disconnects = 0
  readonly #counts = new Map<Party, number>()
  readonly #answers: Promise<unknown>[] = []
  #changed: () => void = () => undefined

  private constructor(channel: string) {
    this.channel = channel
  }

  /** Fulfilled when all are connected and subscribed. */
  static async join(options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd(options.channel)
    const { size, names = 'user' } = options
    await Promise.all(Array.from({ length: size }, (_, index) => crowd.#join(`${names}-${index}`, options)))
    return crowd
  }

  async #join(name: string, { server, url = server.url, onAttempt }: CrowdOptions): Promise<void> {
    const transport = websocketTransport()
    const client = createClient({
      url,
      token: await server.token(name),
      callTimeoutMs: 120_000,
      maxRetries: 100,
      reconnect: { baseMs: 20, capMs: 200 },
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      transport: {
        ...transport,
        open(...where) {
          onAttempt?.(name)
          return transport.open(...where)
        },
      },
    })
    client.on('error', () => undefined)
    client.on('disconnect', () => {
      this.disconnects += 1
    })
    const heard: Heard[] = []
    const subscription = client.subscribe(this.channel, {
      onEvent: ({ offset, data, by }) => {
        heard.push({ offset, text: textOf(data), by })
        this.#changed()
      },
      onUnrecovered: ({ reason }) => this.troubles.push(`${name} was not recovered: ${reason}`),
      onUnsubscribed: ({ code }) => this.troubles.push(`${name} was unsubscribed: ${code}`),
    })
    await client.connect()
    const { position } = await subscription.ready
    this.parties.push({ name, client, subscription, after: position.offset, heard })
  }

  /** Sends the party's next event; answers its offset when it is acknowledged. `ballast` makes it larger. */
  publish(party: Party, ballast?: string): Promise<number | undefined> {
    const count = this.#counts.get(party) ?? 0
    this.#counts.set(party, count + 1)
    const text = `${party.name}/${count}`
    const data = ballast === undefined ? text : { text, ballast }
    const answer = party.client.channels.publish({ channel: this.channel, data }).then(
      ({ offset }) => {
        this.acked.set(text, offset)
        this.#changed()
        return offset
      },
      (error: unknown) => {
        this.troubles.push(`${text}: ${String(error)}`)
        return undefined
      },
    )
    this.#answers.push(answer)
    return answer
  }

  /** Everybody sends `each` events, pipelined, taking turns. */
  publishAll(each: number, ballast?: string): void {
    for (let turn = 0; turn < each; turn++)
      for (const party of this.parties) void this.publish(party, ballast)
  }

  /** Everybody sends without a pause, a few events in flight each, until `work` is done. */
  async sendDuring<Result>(work: () => Promise<Result>): Promise<Result> {
    let isOver = false
    const result = work().finally(() => {
      isOver = true
    })
    const send = async (party: Party) => {
      while (!isOver) await this.publish(party)
    }
    await Promise.all(this.parties.flatMap((party) => [send(party), send(party), send(party), send(party)]))
    return result
  }

  /** Fulfilled when every publish has its answer. */
  async answered(): Promise<void> {
    await Promise.all(this.#answers)
  }

  /** Fulfilled when so many publishes were acknowledged. */
  async hasAcked(count: number): Promise<void> {
    await this.#until(() => this.acked.size >= count)
  }

  /** Fulfilled when every client has heard an offset; default: the newest that was acknowledged. */
  async everybodyHas(offset = Math.max(0, ...this.acked.values())): Promise<void> {
    await this.#until(() => this.parties.every((party) => placeOf(party) >= offset))
  }

  /** One at a time: looked at whenever something was heard or acknowledged. */
  async #until(isSo: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#changed = () => isSo() && resolve()
      this.#changed()
    })
    this.#changed = () => undefined
  }

  /** What speaks against the delivery rules; see `judge`. */
  verdict(acked: ReadonlyMap<string, number> = this.acked): readonly string[] {
    return [...this.troubles, ...judge({ acked, hearings: this.parties })]
  }

  leave(): void {
    for (const { client } of this.parties) client.disconnect()
  }
}

/** Offset of the last event that a party has heard. */
export function placeOf({ after, heard }: Party): number {
  return heard.at(-1)?.offset ?? after
}

function textOf(data: unknown): string {
  return typeof data === 'string' ? data : (data as { readonly text: string }).text
}
