import { ParleyError, type Position } from '@parley/protocol'
import type { HistoryPage } from '../../context.ts'
import type { Oracle } from '../oracle/oracle.ts'
import type { Publication } from '../oracle/publication.ts'
import type { SimulatedClient } from './client.ts'
import type { SimulatedLink } from './link.ts'
import type { SimulatedProcess } from './process.ts'
import { Reading } from './reading.ts'
import type { World } from './world.ts'

/** A call that has no answer yet, as the application has written it down. */
interface Noted {
  readonly command: string
  readonly input: object
  readonly publications: readonly Publication[]
}

interface Details {
  /** Calls of another lane keep another order. */
  readonly lane?: string
  readonly target?: string
}

/** How something is sent. */
export interface Sending {
  readonly channel: string
  readonly count: number
  /** With an idempotency key of the application, so that it can be repeated after a reload. */
  readonly isKeyed: boolean
}

/** An application in a browser tab: a real client, and what the user does with it. */
export class Tab {
  readonly name: string
  readonly index: number
  readonly app: string
  readonly user: string
  readonly #world: World
  readonly readings = new Map<string, Reading>()
  /** What it last set in the keyed state of channels. */
  readonly moods = new Map<string, number>()
  /** What survives a reload. */
  readonly #notes = new Map<string, Noted>()
  readonly #lingering = new Set<string>()
  /** Calls of this life without an answer. */
  unanswered = 0
  #life = 0
  #sent = 0
  #client: SimulatedClient | undefined
  process: SimulatedProcess | undefined
  /** Until then the tokens that it gets are no good. */
  badTokensUntil = 0
  /** It gets none at all until then. */
  isTokenLate = false
  /** A link of it was cut in the middle of a message. */
  wasCut = false

  constructor(world: World, place: { readonly index: number; readonly app: string; readonly user: string }) {
    this.#world = world
    this.name = `tab-${place.index}`
    this.index = place.index
    this.app = place.app
    this.user = place.user
  }

  get oracle(): Oracle {
    return this.#world.oracle
  }

  get client(): SimulatedClient | undefined {
    return this.#client
  }

  get link(): SimulatedLink | undefined {
    return this.process === undefined ? undefined : this.#world.network.linkOf(this.process)
  }

  /** The page is loaded: what is noted is sent again, and everything goes on where it stood. */
  open(): void {
    if (this.#client !== undefined) return
    this.#life += 1
    const process = this.#world.process(`${this.name}#${this.#life}`)
    this.process = process
    const below = this.#world.network.clientTransport(process, this.name)
    const client = this.#world.makeClient({
      clock: process,
      transport: this.#world.wire?.client(below, process) ?? below,
      getToken: () => this.#nextToken(process),
      reconnect: { baseMs: 200, capMs: 2_500 },
      callTimeoutMs: 20_000,
    })
    this.#client = client
    client.onError((error) => this.#failed(error))
    void client.connect().catch(() => undefined)
    for (const reading of this.readings.values()) reading.open(client)
    for (const [key, noted] of this.#notes) this.#call(noted, key)
    for (const [channel, value] of this.moods) this.setMood(channel, value)
  }

  /** The page is gone; with `code` its connection is closed in some order, else nobody says anything. */
  shut(code: number | undefined): void {
    const { process } = this
    if (process === undefined || this.#client === undefined) return
    for (const reading of this.readings.values()) reading.suspend()
    // What nobody waits for any more may still come to pass, and late.
    for (const publication of this.#open()) publication.hasNoOrder = true
    if (code === 1000) this.#client.disconnect()
    this.#client = undefined
    this.unanswered = 0
    const links = this.#world.network.linksOf(process)
    process.kill()
    for (const link of links) {
      if (code === undefined) link.drop(-1, this.#world.random.below(3_000))
      else link.clientEnd().close(code, '')
      link.abandon('client')
    }
  }

  /** The user closes everything, in good order. */
  leave(): void {
    for (const reading of this.readings.values()) reading.end()
    this.readings.clear()
    this.#client?.disconnect()
  }

  subscribe(channel: string, isFiltered: boolean): void {
    const key = isFiltered ? `${channel}?` : channel
    let reading = this.readings.get(key)
    if (reading === undefined) {
      reading = new Reading(this.#world, this, { channel, isFiltered })
      this.readings.set(key, reading)
    }
    if (this.#client !== undefined) reading.open(this.#client)
  }

  /** `keeps`: the application remembers where it stood. */
  unsubscribe(channel: string, isFiltered: boolean, keeps: boolean): void {
    const key = isFiltered ? `${channel}?` : channel
    const reading = this.readings.get(key)
    if (reading === undefined) return
    if (keeps) reading.suspend()
    else {
      reading.end()
      this.readings.delete(key)
    }
    this.forgetMood(channel)
  }

  /** A mood that it has taken back may stay where it is: the server may not have heard of that. */
  mayLinger(channel: string, mood: string): boolean {
    return this.#lingering.has(`${channel} ${mood}`)
  }

  /** Who does not read a channel any more has nothing in its keyed state. */
  forgetMood(channel: string): void {
    if ([...this.readings.values()].some((other) => other.isOpen && other.channel === channel)) return
    const mood = this.moods.get(channel)
    if (!this.moods.delete(channel)) return
    const { link } = this
    const note = () => this.#lingering.add(`${channel} ${mood}`)
    if (this.#client?.status !== 'connected' || link === undefined) note()
    else
      this.#world.clock.after(10_000, () => {
        if (link.isOver) note()
      })
  }

  setMood(channel: string, value: number): void {
    const reading = [...this.readings.values()].find((other) => other.isOpen && other.channel === channel)
    if (reading === undefined) return
    this.moods.set(channel, value)
    reading.setState('mood', value)
  }

  publish({ channel, count, isKeyed }: Sending): void {
    const command = channel.startsWith('club:') ? 'say' : 'publish'
    for (let index = 0; index < count; index++) {
      const publication = this.#sends(channel, command === 'say' ? 'said' : 'published')
      this.#send({ command, input: inputOf(publication), publications: [publication] }, isKeyed)
    }
  }

  /** Sends a message, and edits of it, waiting for nothing. */
  sendAndEdit({ channel, count, isKeyed }: Sending): void {
    const message = this.#sends(channel, 'sent')
    this.#send({ command: 'send', input: inputOf(message), publications: [message] }, isKeyed)
    for (let index = 0; index < count; index++) {
      const edit = this.#sends(channel, 'edited', { target: message.id })
      const input = { ...inputOf(edit), target: message.id }
      this.#send({ command: 'edit', input, publications: [edit] }, isKeyed)
    }
  }

  /** Events of several channels in one unit. */
  publishMany(channels: readonly string[], isKeyed: boolean): void {
    const publications = channels.map((channel) => this.#sends(channel, 'published', { lane: 'many' }))
    const input = { events: publications.map(inputOf) }
    this.#send({ command: 'publishMany', input, publications }, isKeyed)
  }

  /** Reads a channel page by page, up to a number of pages. */
  async readHistory(
    channel: string,
    how: { readonly limit: number; readonly isBackward: boolean },
  ): Promise<void> {
    const truth = this.oracle.channel(this.app, channel)
    const life = this.#life
    let from: object = how.isBackward ? {} : { after: 0 }
    for (let left = 3; left > 0; left--) {
      const askedAt = this.oracle.now()
      let page: HistoryPage
      try {
        page = (await this.#client?.call('sim.history', {
          channel,
          limit: how.limit,
          ...from,
        })) as HistoryPage
      } catch {
        return
      }
      if (life !== this.#life || page === undefined) return
      this.oracle.read(
        { who: `${this.name} (history)`, app: this.app, user: this.user, truth },
        page,
        askedAt,
      )
      if (page.next === undefined) return
      from = how.isBackward ? { before: page.next } : { after: page.next }
    }
  }

  /** Nothing is open any more that will go on by itself. */
  get isQuiet(): boolean {
    if (this.#client === undefined) return true
    if (this.#client.status !== 'connected' || this.unanswered > 0) return false
    return [...this.readings.values()].every((reading) => reading.isQuiet)
  }

  /** What it waits for. */
  get standing(): string {
    const open = [...this.readings.values()].filter((reading) => !reading.isQuiet).map((one) => one.standing)
    return `is ${this.#client?.status}, waits for ${this.unanswered} answers; ${open.join(', ')}`
  }

  #open(): readonly Publication[] {
    const { channels } = this.#world
    return channels
      .flatMap((channel) => this.oracle.channel(this.app, channel).publications)
      .filter(({ sender, state }) => state === 'open' && sender.startsWith(`${this.name} `))
  }

  #sends(channel: string, type: string, { lane = 'one', target }: Details = {}): Publication {
    this.#sent += 1
    const publication = this.oracle.sends({
      id: `${this.name}-${this.#sent}`,
      ...{ app: this.app, channel, sender: `${this.name} ${lane}`, user: this.user, target },
      ...{ isEven: this.#sent % 2 === 0, type },
    })
    // What is not durable waits for the durable part of its own unit only, and may be overtaken meanwhile.
    const isMixed = type !== 'published' && this.oracle.channel(this.app, channel).durability !== 'durable'
    const isExiled = this.#world.exiled.has(`${this.app} ${channel} ${this.user}`)
    if (isMixed || isExiled) publication.hasNoOrder = true
    return publication
  }

  #send(noted: Noted, isKeyed: boolean): void {
    const key = isKeyed ? `${this.name}-key-${this.#sent}` : undefined
    if (key !== undefined) this.#notes.set(key, noted)
    if (this.#client !== undefined) this.#call(noted, key)
    else if (key === undefined) for (const one of noted.publications) one.state = 'unknown'
  }

  #call(noted: Noted, key: string | undefined): void {
    const life = this.#life
    const client = this.#client
    if (client === undefined) return
    this.unanswered += 1
    client.call(`sim.${noted.command}`, noted.input, key === undefined ? {} : { key }).then(
      (output) => {
        if (life === this.#life) this.#answered(noted, key, output)
      },
      (error: unknown) => {
        if (life === this.#life) this.#refused(noted, key, error)
      },
    )
  }

  #answered({ publications }: Noted, key: string | undefined, output: unknown): void {
    this.unanswered -= 1
    if (key !== undefined) this.#notes.delete(key)
    const places = Array.isArray(output) ? (output as Position[]) : [output as Position]
    for (const [index, publication] of publications.entries()) {
      this.#world.note(`${this.name} was promised ${publication.id}`, publication.channel, this.name)
      this.oracle.acked(publication, places[index])
    }
  }

  #refused(noted: Noted, key: string | undefined, error: unknown): void {
    this.unanswered -= 1
    const { publications } = noted
    const code = error instanceof ParleyError ? error.code : String(error)
    for (const one of publications) one.hasNoOrder = true
    if (error instanceof ParleyError && mayHaveHappened(error)) {
      if (key === undefined) for (const one of publications) one.state = 'unknown'
      else this.process?.after(500, () => this.#call(noted, key))
      return
    }
    if (key !== undefined) this.#notes.delete(key)
    for (const one of publications) one.state = 'refused'
    if (!this.#mayBeRefused(noted, code))
      this.oracle.verdict.fault('answered', `${this.name} was refused ${publications[0]?.id}: ${code}`, {
        ...{ channel: publications[0]?.channel, who: this.name },
      })
  }

  /** Whether a refusal for good can be right. */
  #mayBeRefused({ command, input }: Noted, code: string): boolean {
    if (command === 'say') return code === 'forbidden'
    if (command !== 'edit' || code !== 'not_found') return false
    const target = this.oracle.find((input as { readonly target: string }).target)
    return target?.state !== 'acked' || this.#world.wasRestored
  }

  #failed(error: ParleyError): void {
    this.#world.note(`${this.name} hears of ${error.code}`, undefined, this.name)
    if (error.code === 'bad_frame' && !this.wasCut)
      this.oracle.verdict.fault('answered', `${this.name} could not read what came: ${error.message}`)
  }

  /** Whoever gives out tokens may not answer for a while. */
  async #nextToken(process: SimulatedProcess): Promise<string> {
    const { clock } = this.#world
    while (this.isTokenLate && clock.elapsed() < this.badTokensUntil)
      await new Promise<void>((resolve) => void clock.after(tokenPauseMs, () => process.enter(resolve)))
    return this.#token()
  }

  #token(): string {
    const { clock } = this.#world
    const isBad = clock.elapsed() < this.badTokensUntil
    const expiresAt = clock.now() + (isBad ? -60_000 : tokenMs)
    const { app, user } = this
    return JSON.stringify({ app, user, role: 'user', grants, expiresAt })
  }
}

const grants = [{ pattern: '*', actions: ['*'] }]
/** How often somebody who has no token looks whether there is one. */
const tokenPauseMs = 200
/** How long a token lives. */
const tokenMs = 2_500

function inputOf({ channel, id, isEven }: Publication) {
  return { channel, id, tags: { half: isEven ? 'even' : 'odd' } }
}

/** Errors after which the same call makes sense. */
function mayHaveHappened({ code, retryable }: ParleyError): boolean {
  return retryable || code === 'timeout' || code === 'disconnected' || code === 'cancelled'
}
