import { ParleyError, type Position } from '@parley/protocol'
import type { Publication } from '../oracle/publication.ts'
import type { SimulatedClient } from './client.ts'
import { KeptCalls } from './kept-calls.ts'
import type { SimulatedProcess } from './process.ts'
import type { Tab } from './tab.ts'
import type { World } from './world.ts'

/** A call that has no answer yet, as the application has written it down. */
export interface Noted {
  readonly command: string
  readonly input: object
  readonly publications: readonly Publication[]
}

/** How something is sent. */
export interface Sending {
  readonly channel: string
  readonly count: number
  /** With an idempotency key of the application, so that it can be repeated after a reload. */
  readonly isKeyed: boolean
}

interface Details {
  /** Calls of another lane keep another order. */
  readonly lane?: string
  readonly target?: string
}

/** What a tab sends, and what becomes of it. */
export class Calls {
  readonly #world: World
  readonly #tab: Tab
  /** With an outbox, it has what is keyed. */
  readonly #kept: KeptCalls | undefined
  /** What survives a reload. */
  readonly #notes = new Map<string, Noted>()
  #client: SimulatedClient | undefined
  #process: SimulatedProcess | undefined
  #unanswered = 0
  #sent = 0

  constructor(world: World, tab: Tab) {
    this.#world = world
    this.#tab = tab
    const { store } = tab
    if (store !== undefined)
      this.#kept = new KeptCalls({
        store,
        prefix: keyOf(tab.name, ''),
        answered: (noted, output) => this.#promised(noted, output),
        parked: (noted, error) => this.#parked(noted, error),
      })
  }

  /** Calls of this life without an answer. */
  get unanswered(): number {
    return this.#unanswered + (this.#kept?.waiting ?? 0)
  }

  /** The page is loaded: what is noted is sent again. */
  open(client: SimulatedClient, process: SimulatedProcess): void {
    this.#client = client
    this.#process = process
    for (const [key, noted] of this.#notes) this.#call(noted, key)
    if (client.outbox !== undefined) this.#kept?.open(client.outbox, process)
  }

  /** The page is gone. */
  shut(): void {
    // What nobody waits for any more may still come to pass, and late.
    for (const publication of this.#open()) publication.hasNoOrder = true
    this.#client = undefined
    this.#unanswered = 0
    if (this.#kept?.shut() === true) this.#world.happened('outbox_reload')
  }

  publish({ channel, count, isKeyed }: Sending): void {
    const command = channel.startsWith('club:') ? 'say' : 'publish'
    for (let index = 0; index < count; index++) {
      const publication = this.#sends(channel, command === 'say' ? 'said' : 'published', { isKeyed })
      this.#send({ command, input: inputOf(publication), publications: [publication] }, isKeyed)
    }
  }

  /** Sends a message, and edits of it, waiting for nothing. */
  sendAndEdit({ channel, count, isKeyed }: Sending): void {
    const message = this.#sends(channel, 'sent', { isKeyed })
    this.#send({ command: 'send', input: inputOf(message), publications: [message] }, isKeyed)
    for (let index = 0; index < count; index++) {
      const edit = this.#sends(channel, 'edited', { isKeyed, target: message.id })
      const input = { ...inputOf(edit), target: message.id }
      this.#send({ command: 'edit', input, publications: [edit] }, isKeyed)
    }
  }

  /** Events of several channels in one unit. */
  publishMany(channels: readonly string[], isKeyed: boolean): void {
    const publications = channels.map((channel) =>
      this.#sends(channel, 'published', { isKeyed, lane: 'many' }),
    )
    const input = { events: publications.map(inputOf) }
    this.#send({ command: 'publishMany', input, publications }, isKeyed)
  }

  #open(): readonly Publication[] {
    const { oracle, channels } = this.#world
    const { app, name } = this.#tab
    return channels
      .flatMap((channel) => oracle.channel(app, channel).publications)
      .filter(({ sender, state }) => state === 'open' && sender.startsWith(`${name} `))
  }

  #sends(
    channel: string,
    type: string,
    { isKeyed, lane = 'one', target }: Details & { readonly isKeyed: boolean },
  ): Publication {
    this.#sent += 1
    const { oracle, exiled } = this.#world
    const { app, user, name } = this.#tab
    // What is kept keeps its order over all lives, and waits for what it is kept by.
    const sender = isKeyed && this.#kept !== undefined ? `the outbox of ${name} ${lane}` : `${name} ${lane}`
    const publication = oracle.sends({
      id: `${name}-${this.#sent}`,
      ...{ app, channel, sender, user, target },
      ...{ isEven: this.#sent % 2 === 0, type },
    })
    // What is not durable waits for the durable part of its own unit only, and may be overtaken meanwhile.
    const isMixed = type !== 'published' && oracle.channel(app, channel).durability !== 'durable'
    if (isMixed || exiled.has(`${app} ${channel} ${user}`)) publication.hasNoOrder = true
    return publication
  }

  #send(noted: Noted, isKeyed: boolean): void {
    const key = isKeyed ? keyOf(this.#tab.name, this.#sent) : undefined
    const isKept = key !== undefined && this.#kept !== undefined
    if (key !== undefined && !isKept) this.#notes.set(key, noted)
    if (this.#client === undefined) {
      if (key === undefined || isKept) for (const one of noted.publications) one.state = 'unknown'
    } else if (isKept) this.#kept?.send(noted, key)
    else this.#call(noted, key)
  }

  #call(noted: Noted, key: string | undefined): void {
    const client = this.#client
    if (client === undefined) return
    this.#unanswered += 1
    client.call(`sim.${noted.command}`, noted.input, key === undefined ? {} : { key }).then(
      (output) => {
        if (client === this.#client) this.#answered(noted, key, output)
      },
      (error: unknown) => {
        if (client === this.#client) this.#refused(noted, key, error)
      },
    )
  }

  #answered(noted: Noted, key: string | undefined, output: unknown): void {
    this.#unanswered -= 1
    if (key !== undefined) this.#notes.delete(key)
    this.#promised(noted, output)
  }

  #promised({ publications }: Noted, output: unknown): void {
    const { name } = this.#tab
    const places = Array.isArray(output) ? (output as Position[]) : [output as Position]
    for (const [index, publication] of publications.entries()) {
      this.#world.note(`${name} was promised ${publication.id}`, publication.channel, name)
      this.#world.oracle.acked(publication, places[index])
    }
  }

  #refused(noted: Noted, key: string | undefined, error: unknown): void {
    this.#unanswered -= 1
    const { publications } = noted
    for (const one of publications) one.hasNoOrder = true
    if (error instanceof ParleyError && mayHaveHappened(error)) {
      if (key === undefined) for (const one of publications) one.state = 'unknown'
      else this.#process?.after(500, () => this.#call(noted, key))
      return
    }
    if (key !== undefined) this.#notes.delete(key)
    this.#refusedForGood(noted, error)
  }

  /** Answers whether the user tries it again. */
  #parked(noted: Noted, error: unknown): boolean {
    const isForNow = error instanceof ParleyError && mayHaveHappened(error)
    for (const one of noted.publications) one.hasNoOrder = true
    const [{ id, channel }] = noted.publications as readonly [Publication]
    this.#world.note(`${id} is parked: ${String(error)}`, channel, this.#tab.name)
    if (!isForNow) this.#refusedForGood(noted, error)
    return isForNow
  }

  #refusedForGood(noted: Noted, error: unknown): void {
    const { publications } = noted
    const { name } = this.#tab
    const code = error instanceof ParleyError ? error.code : String(error)
    for (const one of publications) one.state = 'refused'
    if (!this.#mayBeRefused(noted, code))
      this.#world.oracle.verdict.fault('answered', `${name} was refused ${publications[0]?.id}: ${code}`, {
        ...{ channel: publications[0]?.channel, who: name },
      })
  }

  /** Whether a refusal for good can be right. */
  #mayBeRefused({ command, input }: Noted, code: string): boolean {
    if (command === 'say') return code === 'forbidden'
    if (command !== 'edit' || code !== 'not_found') return false
    const target = this.#world.oracle.find((input as { readonly target: string }).target)
    if (target === undefined || this.#world.wasRestored) return true
    // Whatever it waits for, its edit waits for the same, unless it was given up or parked meanwhile.
    return target.state === 'refused' || target.state === 'unknown' || target.hasNoOrder
  }
}

const keyOf = (name: string, sent: number | ''): string => `${name}-key-${sent}`

function inputOf({ channel, id, isEven }: Publication) {
  return { channel, id, tags: { half: isEven ? 'even' : 'odd' } }
}

/** Errors after which the same call makes sense. */
function mayHaveHappened({ code, retryable }: ParleyError): boolean {
  return retryable || code === 'timeout' || code === 'disconnected' || code === 'cancelled'
}
