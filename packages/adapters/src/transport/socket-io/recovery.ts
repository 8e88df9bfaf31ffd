import type { Relay, Signer } from '@parley/kernel'
import type { Position } from '@parley/protocol'
import { Positions } from './positions.ts'

/** Where small records are kept that outlive the process. */
export interface KeptRecords {
  /** Fulfilled when the record is stored. */
  put(key: string, value: string, expiresAt: number): Promise<void>
  find(key: string): Promise<string | undefined>
}

export interface RecoveryOptions {
  readonly signer: Signer
  readonly secret: () => string
  /** How long after its connection broke a client may come back, in ms. */
  readonly windowMs: number
  readonly records: KeptRecords | undefined
}

/** Who holds a client's place while it is connected. */
export interface PlaceHolder {
  /** What the application wants back with the socket; JSON. */
  keptData(): unknown
  /** The client has come back by another connection: this one ends, and touches nothing any more. */
  fenced(): void
}

/** What the server keeps of a client under its `pid`. */
export interface Place {
  readonly key: string
  /** Given to the client once, and the same for as long as it recovers. */
  readonly pid: string
  readonly socket: string
  readonly namespace: string
  readonly owner: string
  bases: Map<string, Position>
  /** Offsets that the client has acknowledged by itself. */
  acked: Map<string, number>
  data: unknown
  holder: PlaceHolder | undefined
  closedAt: number | undefined
}

/** A place as another node or a later process reads it. */
interface KeptPlace {
  readonly node: string
  readonly bases: readonly (readonly [string, string, number])[]
  readonly acked: readonly (readonly [string, number])[]
  readonly data: unknown
  readonly closedAt: number | undefined
}

/** What a `pid` says. */
interface Ticket {
  readonly k: string
  readonly s: string
  readonly n: string
  readonly u: string
  readonly o: string
  readonly b: KeptPlace['bases']
}

/** A place that was found again, and where the client stands. */
export interface Return {
  readonly place: Place
  readonly positions: Positions
  readonly at: ReadonlyMap<string, Position>
}

const maxPidLength = 65_536
const fenceMs = 5_000

/**
 * Connection state recovery. The `pid` is a signed record of the positions at the connect, so that a client which has
 * heard nothing yet recovers too, and from any node; what it joined later is kept under it.
 */
export class Recovery {
  readonly #options: RecoveryOptions
  readonly #places = new Map<string, Place>()
  #relay: Relay | undefined

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  start(relay: Relay | undefined): void {
    this.#relay = relay
  }

  /** A place for a client that is new; its bases are those of now. */
  begin(about: Pick<Place, 'socket' | 'namespace' | 'owner' | 'bases'>, holder: PlaceHolder): Place {
    const key = this.#options.secret()
    const ticket: Ticket = {
      ...{ k: key, s: about.socket, n: about.namespace, u: about.owner },
      ...{ o: this.#relay?.node ?? '', b: listOf(about.bases) },
    }
    const text = Buffer.from(JSON.stringify(ticket)).toString('base64url')
    const pid = `${text}.${this.#options.signer.sign(text)}`
    const place: Place = {
      ...about,
      key,
      pid,
      acked: new Map(),
      data: undefined,
      holder,
      closedAt: undefined,
    }
    this.#places.set(key, place)
    return place
  }

  /** The place of a client that comes back; undefined when there is none to be trusted, or its time is over. */
  async find(
    { pid, offset }: { readonly pid: unknown; readonly offset: unknown },
    wanted: Pick<Place, 'namespace' | 'owner'>,
  ): Promise<Return | undefined> {
    const ticket = this.#read(pid)
    if (ticket === undefined || ticket.n !== wanted.namespace || ticket.u !== wanted.owner) return undefined
    if (offset !== undefined && typeof offset !== 'string') return undefined
    const place = this.#places.get(ticket.k) ?? (await this.#elsewhere(ticket, pid as string))
    const { closedAt } = place
    if (closedAt !== undefined && Date.now() - closedAt > this.#options.windowMs) return undefined
    const at = Positions.after(place.bases, offset)
    if (at === undefined) return undefined
    const ahead = new Map(at)
    for (const [channel, acked] of place.acked) {
      const position = ahead.get(channel)
      if (position !== undefined && acked > position.offset)
        ahead.set(channel, { ...position, offset: acked })
    }
    return { place, at: ahead, positions: Positions.resume(place.bases, ahead) }
  }

  #read(pid: unknown): Ticket | undefined {
    if (typeof pid !== 'string' || pid.length > maxPidLength) return undefined
    const dot = pid.lastIndexOf('.')
    const text = pid.slice(0, dot)
    if (dot < 0 || !this.#options.signer.isSigned(text, pid.slice(dot + 1))) return undefined
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Ticket
  }

  /** What another node holds, or a process that is gone has left behind; at the least what the ticket says. */
  async #elsewhere(ticket: Ticket, pid: string): Promise<Place> {
    const stored = await this.#options.records?.find(ticket.k).catch(() => undefined)
    const kept = stored === undefined ? undefined : (JSON.parse(stored) as KeptPlace)
    const newest = (await this.#fenceAt(kept?.node ?? ticket.o, ticket.k)) ?? kept
    return {
      ...{ key: ticket.k, pid, socket: ticket.s, namespace: ticket.n, owner: ticket.u, holder: undefined },
      bases: mapOf(newest?.bases ?? ticket.b),
      acked: new Map(newest?.acked ?? []),
      data: newest?.data,
      closedAt: newest?.closedAt,
    }
  }

  async #fenceAt(node: string, key: string): Promise<KeptPlace | undefined> {
    const relay = this.#relay
    if (relay === undefined || node === '' || node === relay.node) return undefined
    try {
      const answer = await relay.ask(node, JSON.stringify({ fence: key }), fenceMs)
      return answer === '' ? undefined : (JSON.parse(answer) as KeptPlace)
    } catch {
      return undefined // gone: what was stored has to do
    }
  }

  /** Another node has the client: gives its place away. */
  async surrender(key: string): Promise<string> {
    const place = this.#places.get(key)
    if (place === undefined) return ''
    place.data = place.holder?.keptData() ?? place.data
    this.#places.delete(key)
    const text = JSON.stringify(this.#kept(place))
    place.holder?.fenced()
    place.holder = undefined
    return text
  }

  /** The client is back. Whoever held its place is fenced off. */
  take(place: Place, holder: PlaceHolder): void {
    const late = place.holder
    if (late !== undefined) {
      place.data = late.keptData()
      late.fenced()
    }
    place.holder = holder
    place.closedAt = undefined
    this.#places.set(place.key, place)
    void this.#store(place)
  }

  /** Positions or data have changed. Fulfilled when that outlives the process. */
  changed(place: Place): Promise<void> {
    return this.#store(place)
  }

  /** The connection is gone. The place stays for the window, unless the client has left for good. */
  closed(place: Place, holder: PlaceHolder, isForGood: boolean): void {
    if (place.holder !== holder) return
    place.data = holder.keptData()
    place.holder = undefined
    place.closedAt = Date.now()
    if (isForGood) place.closedAt = 0
    void this.#store(place)
    if (isForGood) this.#places.delete(place.key)
  }

  sweep(): void {
    const before = Date.now() - this.#options.windowMs
    for (const [key, { closedAt }] of this.#places)
      if (closedAt !== undefined && closedAt < before) this.#places.delete(key)
  }

  async #store(place: Place): Promise<void> {
    const { records, windowMs } = this.#options
    // Longer than the window, which begins when the connection ends: nobody may be there to write that down.
    const expiresAt = Date.now() + Math.max(windowMs, 24 * 60 * 60 * 1000)
    // A record that cannot be written is missed only after a crash; then the client is told that it did not recover.
    await records?.put(place.key, JSON.stringify(this.#kept(place)), expiresAt).catch(() => undefined)
  }

  #kept({ bases, acked, data, closedAt, holder }: Place): KeptPlace {
    const node = this.#relay?.node ?? ''
    return { node, bases: listOf(bases), acked: [...acked], data: holder?.keptData() ?? data, closedAt }
  }
}

function listOf(bases: ReadonlyMap<string, Position>): KeptPlace['bases'] {
  return [...bases].map(([channel, { epoch, offset }]) => [channel, epoch, offset] as const)
}

function mapOf(list: KeptPlace['bases']): Map<string, Position> {
  return new Map(list.map(([channel, epoch, offset]) => [channel, { epoch, offset }]))
}
