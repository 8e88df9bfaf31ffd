import type { ParleyError } from '@parley/protocol'
import type { HistoryPage } from '../../context.ts'
import type { Oracle } from '../oracle/oracle.ts'
import type { Page, SimulatedBrowser } from './browser.ts'
import { Calls } from './calls.ts'
import type { SimulatedClient } from './client.ts'
import type { SimulatedLink } from './link.ts'
import type { SimulatedProcess } from './process.ts'
import { Reading } from './reading.ts'
import type { SimulatedStore } from './store.ts'
import type { World } from './world.ts'

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
  /** Where its outbox keeps what it sends, if it has one. */
  readonly store: SimulatedStore | undefined
  readonly calls: Calls
  /** From where it reaches the network: tabs with the same place share what they have. */
  readonly place: string
  readonly #browser: SimulatedBrowser | undefined
  page: Page | undefined
  readonly #lingering = new Set<string>()
  #life = 0
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
    this.#browser = world.browserOf(this)
    this.place = this.#browser === undefined ? this.name : `the browser of ${this.user} (${this.app})`
    this.store = world.storeOf(this)
    this.calls = new Calls(world, this)
  }

  get oracle(): Oracle {
    return this.#world.oracle
  }

  get client(): SimulatedClient | undefined {
    return this.#client
  }

  get link(): SimulatedLink | undefined {
    return this.#world.network.linkOf(this.#processes)
  }

  /** Those of its pages that are there, and of those that it shares its connection with. */
  get #processes(): readonly SimulatedProcess[] {
    return this.companions.flatMap(({ process, client }) =>
      process === undefined || (client === undefined && process !== this.process) ? [] : [process],
    )
  }

  /** The tabs that share one connection with it, and it itself. */
  get companions(): readonly Tab[] {
    return this.#browser === undefined ? [this] : this.#world.tabs.filter(({ place }) => place === this.place)
  }

  /** All that it takes for open: over HTTP a stream, and requests beside it. */
  get links(): readonly SimulatedLink[] {
    const { network } = this.#world
    return this.#processes.flatMap((process) =>
      network.linksOf(process).filter((link) => link.parts.client === process && link.isOpenAt('client')),
    )
  }

  /** The page is loaded: what is noted is sent again, and everything goes on where it stood. */
  open(): void {
    if (this.#client !== undefined) return
    this.#life += 1
    const process = this.#world.process(`${this.name}#${this.#life}`)
    this.process = process
    this.page = this.#browser?.open(process)
    const below = this.#world.network.clientTransport(process, this.place)
    const client = this.#world.makeClient({
      clock: process,
      transport: this.#world.wire?.client(below, process) ?? below,
      getToken: () => this.#nextToken(process),
      reconnect: { baseMs: 200, capMs: 2_500 },
      callTimeoutMs: 20_000,
      user: this.user,
      ...(this.store === undefined ? {} : { store: this.store.open(process) }),
      ...(this.page === undefined ? {} : { page: this.page }),
    })
    this.#client = client
    client.onError((error) => this.#failed(error))
    void client.connect().catch(() => undefined)
    for (const reading of this.readings.values()) reading.open(client)
    this.calls.open(client, process)
    for (const [channel, value] of this.moods) this.setMood(channel, value)
  }

  /** The page is gone; with `code` its connection is closed in some order, else nobody says anything. */
  shut(code: number | undefined): void {
    const { process } = this
    if (process === undefined || this.#client === undefined) return
    for (const reading of this.readings.values()) reading.suspend()
    if (code === 1000) this.#client.disconnect()
    else if (code !== undefined) this.page?.leave()
    this.#client = undefined
    this.calls.shut()
    const links = this.#world.network.linksOf(process)
    process.kill()
    if (this.page !== undefined) this.#browser?.gone(this.page)
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
    if (this.#client.status !== 'connected' || this.calls.unanswered > 0) return false
    return [...this.readings.values()].every((reading) => reading.isQuiet)
  }

  /** What it waits for. */
  get standing(): string {
    const open = [...this.readings.values()].filter((reading) => !reading.isQuiet).map((one) => one.standing)
    return `is ${this.#client?.status}, waits for ${this.calls.unanswered} answers; ${open.join(', ')}`
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
