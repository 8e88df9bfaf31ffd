import { type Accept, AskingLink, type AskingListener, type Handshake, isFinalClose } from '@parley/kernel'
import { ParleyError, type Position, type ServerFrame, type SubscribeResult } from '@parley/protocol'
import type { DisconnectReason, Entry, SocketListener } from './application.ts'
import { Delivery } from './delivery.ts'
import type { EngineEnd, EngineSession } from './engine-session.ts'
import { type Translation, withPosition } from './event-packets.ts'
import { type Message, Outgoing } from './outgoing.ts'
import { encodeArguments, encodeDisconnect, encodeObject } from './packet.ts'
import { Positions } from './positions.ts'
import type { Place, PlaceHolder, Recovery, Return } from './recovery.ts'

/** What the sockets of a transport share. */
export interface WireServices {
  readonly accept: Accept
  readonly translation: Translation
  /** Undefined: clients that come back are new clients. */
  readonly recovery: Recovery | undefined
  readonly secret: () => string
}

export interface SocketOptions {
  readonly namespace: string
  readonly engine: EngineSession
  readonly handshake: Handshake
  readonly auth: Readonly<Record<string, unknown>>
  /** The socket is over: nothing is to be given to it any more. */
  readonly gone: () => void
  /** Throws the client out of all its namespaces, and ends the connection. */
  readonly throwOut: () => void
}

export interface EmitOptions {
  readonly id?: number | undefined
  readonly isVolatile?: boolean
}

type Phase = 'opening' | 'open' | 'closed'

/** Ends after which a client may come back for what it missed. */
const mayReturn: ReadonlySet<DisconnectReason> = new Set<DisconnectReason>([
  'transport close',
  'transport error',
  'ping timeout',
  'forced close',
  'server shutting down',
])

/**
 * One client in one namespace. It is a session of the node; the rooms that it is in are channels, whose events are
 * written to it as packets.
 */
export class WireSocket implements AskingListener, PlaceHolder {
  readonly namespace: string
  readonly engine: EngineSession
  readonly auth: Readonly<Record<string, unknown>>
  readonly #services: WireServices
  readonly #options: SocketOptions
  #id: string
  #entry: Entry | undefined
  #link: AskingLink | undefined
  #listener: SocketListener | undefined
  #phase: Phase = 'opening'
  #held: string[] | undefined = []
  heldBytes = 0
  #positions: Positions | undefined
  #place: Place | undefined
  #recovered: Return | undefined
  #delivery: Delivery | undefined

  constructor(services: WireServices, options: SocketOptions) {
    this.#services = services
    this.#options = options
    this.namespace = options.namespace
    this.engine = options.engine
    this.auth = options.auth
    this.#id = `${services.secret()}-s`
    if (services.recovery !== undefined) this.#positions = new Positions()
  }

  /** 20 random characters and `-s`, so that nobody takes the name of a room for one. */
  get id(): string {
    return this.#id
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** The socket came back, and misses nothing. */
  get isRecovered(): boolean {
    return this.#recovered !== undefined
  }

  /** What the application kept for it. */
  get recoveredData(): unknown {
    return this.#recovered?.place.data
  }

  /** Channels that it is in. */
  get channels(): Iterable<string> {
    return this.#positions?.bases.keys() ?? []
  }

  /** Enters the namespace. What goes wrong is told to the client, and ends the socket. */
  async open(entry: Entry): Promise<void> {
    this.#entry = entry
    try {
      await this.#connect(entry)
      const listener = await entry.admit(this)
      if (this.#phase !== 'opening') {
        listener.closed('transport close')
        return
      }
      this.#listener = listener
      this.#delivery = new Delivery(this.engine, listener, this.#positions)
      this.#welcome(listener)
    } catch (error) {
      this.refuse(error)
    }
  }

  async #connect(entry: Entry): Promise<void> {
    const { accept, recovery } = this.#services
    const { handshake, auth } = this.#options
    this.#link = new AskingLink({ accept, handshake }, this.engine, this)
    const { app, user } = await this.#link.connect(entry.token)
    const owner = user === undefined ? app : `${app}/${user}`
    const wanted = { namespace: this.namespace, owner }
    const found =
      auth.pid === undefined
        ? undefined
        : await recovery?.find({ pid: auth.pid, offset: auth.offset }, wanted)
    if (found !== undefined && (await this.#resume(found))) return
    for (const channel of entry.channels(this.#id)) await this.subscribe(channel)
    const bases = this.#positions?.bases
    if (bases !== undefined)
      this.#place = recovery?.begin({ ...wanted, socket: this.#id, bases: new Map(bases) }, this)
  }

  /** Takes all channels up where the client stands in them; if one cannot be, none is. */
  async #resume(found: Return): Promise<boolean> {
    const link = this.#link as AskingLink
    const channels = [...found.at]
    const results = await Promise.allSettled(
      channels.map(([channel, from]) => link.request({ op: 'subscribe', channel, from })),
    )
    const isWhole = results.every(
      (result) => result.status === 'fulfilled' && (result.value as SubscribeResult).recovered === true,
    )
    if (isWhole) {
      this.#recovered = found
      this.#positions = found.positions
      this.#place = found.place
      this.#id = found.place.socket
      this.#services.recovery?.take(found.place, this)
      return true
    }
    await Promise.allSettled(channels.map(([channel]) => link.request({ op: 'unsubscribe', channel })))
    this.#held = []
    this.heldBytes = 0
    return false
  }

  #welcome(listener: SocketListener): void {
    this.#phase = 'open'
    const { prefix } = (this.#entry as Entry).dress
    const pid = this.#place === undefined ? {} : { pid: this.#place.pid }
    this.#write([encodeObject('connect', prefix, { sid: this.#id, ...pid })])
    const held = this.#held ?? []
    this.#held = undefined
    this.heldBytes = 0
    for (const text of held) this.events(text)
    listener.opened()
    if (this.engine.bufferedBytes === 0) this.#link?.drained()
  }

  /** Tells the client why it may not enter. */
  refuse(error: unknown): void {
    if (this.#phase !== 'opening') return
    const { message, data } = refusalOf(error)
    const prefix = this.#entry?.dress.prefix ?? (this.namespace === '/' ? '' : `${this.namespace},`)
    this.#write([encodeObject('connectError', prefix, data === undefined ? { message } : { message, data })])
    this.#close('server namespace disconnect')
  }

  // ——— what the application does with it

  /**
   * Enters a channel. With recovery, `kept` is fulfilled when the server remembers that through a crash.
   *
   * @throws ParleyError as for any client
   */
  async subscribe(channel: string, options: object = {}): Promise<SubscribeResult> {
    const result = (await this.#request({ op: 'subscribe', channel, ...options })) as SubscribeResult
    this.#positions?.begin(channel, result.position)
    return result
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#request({ op: 'unsubscribe', channel })
    this.#positions?.end(channel)
  }

  /** Fulfilled when the channels that the socket is in now, and its data, outlive a crash of this process. */
  async keep(): Promise<void> {
    const place = this.#place
    if (place === undefined || this.#positions === undefined) return
    place.bases = new Map(this.#positions.bases)
    await this.#services.recovery?.changed(place)
  }

  call(command: string, input: unknown, key?: string): Promise<unknown> {
    return this.#request({ op: 'call', command, input, ...(key === undefined ? {} : { key }) })
  }

  /** Puts a new token in place of the one that the client came with. */
  refresh(token: string): Promise<unknown> {
    return this.#request({ op: 'refresh', token })
  }

  #request(frame: { readonly op: string; readonly [field: string]: unknown }): Promise<unknown> {
    return this.#link?.request(frame) ?? Promise.reject(new ParleyError('disconnected'))
  }

  /**
   * Sends an event to this client alone, after what was published before. `id`: an ack is wanted under this number.
   * `isVolatile`: it is dropped where the connection takes nothing now.
   */
  emit(args: readonly unknown[], { id, isVolatile = false }: EmitOptions = {}): void {
    const { prefix } = (this.#entry as Entry).dress
    const messages = encodeArguments('event', args, { prefix, id })
    this.#inTurn(() => {
      if (isVolatile && !this.engine.isWritable) return
      this.#write(id === undefined ? this.#positioned(messages) : messages)
    })
  }

  #inTurn(run: () => void): void {
    if (this.#phase !== 'open') return
    this.inTurn(() => {
      if (this.#phase === 'open') run()
    })
  }

  /** Runs when what was published before has been written. */
  inTurn(run: () => void): void {
    if (this.#link === undefined) run()
    else this.#link.inTurn(run)
  }

  /** A client takes the last text of an event for its position: there is one behind every event. */
  #positioned(messages: readonly Message[]): readonly Message[] {
    return this.#positions === undefined ? messages : withPosition(messages, this.#positions.text())
  }

  answer(id: number, args: readonly unknown[]): void {
    const { prefix } = (this.#entry as Entry).dress
    const messages = encodeArguments('ack', args, { prefix, id })
    this.#inTurn(() => this.#write(messages))
  }

  /** Throws the client out of the namespace, after what was sent to it before. */
  disconnect(): void {
    if (this.#phase === 'opening') this.#disconnect()
    else this.#inTurn(() => this.#disconnect())
  }

  /** Throws the client out of all its namespaces, after what was sent to it before, and ends the connection. */
  throwOut(): void {
    if (this.#phase === 'opening') this.#options.throwOut()
    else this.#inTurn(() => this.#options.throwOut())
  }

  expelled(): void {
    this.#disconnect()
  }

  #disconnect(): void {
    if (this.#phase === 'closed') return
    if (this.#entry !== undefined) this.#write([encodeDisconnect(this.#entry.dress.prefix)])
    this.#close('server namespace disconnect')
  }

  // ——— what the client does

  event(args: readonly unknown[], id: number | undefined): void {
    if (this.#phase !== 'open') return
    const answer = id === undefined ? undefined : once((given) => this.answer(id, given))
    this.#listener?.event(args, answer)
  }

  acked(id: number, args: readonly unknown[]): void {
    const place = this.#delivery?.acked(id)
    if (place !== undefined) this.#place?.acked.set(place.channel, place.offset)
    this.#listener?.acked(id, args)
  }

  left(): void {
    this.#close('client namespace disconnect')
  }

  heard(): void {
    this.#link?.heard()
  }

  drained(): void {
    if (this.#phase === 'open') this.#link?.drained()
  }

  ended(reason: EngineEnd): void {
    this.#close(reason)
  }

  // ——— what the node says

  events(text: string): void {
    if (this.#held !== undefined) {
      this.#held.push(text)
      this.heldBytes += text.length
      return
    }
    if (this.#phase !== 'open') return
    this.#delivery?.deliver(this.#services.translation.packets(text, (this.#entry as Entry).dress))
  }

  frame(frame: ServerFrame): void {
    if (frame.op === 'unsubscribed') this.#positions?.end(frame.channel)
    if (frame.op === 'subscribed') this.#positions?.begin(frame.channel, frame.position as Position)
    this.#listener?.frame(frame)
  }

  closedByNode(code: number): void {
    if (this.#phase === 'closed') return
    if (this.#phase === 'opening') return
    if (isFinalClose(code)) this.#disconnect()
    else this.engine.close(code === 4201 ? 'server shutting down' : 'transport close')
  }

  // ——— as the holder of a place

  keptData(): unknown {
    return this.#listener?.keptData()
  }

  fenced(): void {
    this.engine.close('transport close')
  }

  #write(messages: readonly Message[]): void {
    this.engine.send(new Outgoing(messages))
  }

  #close(reason: DisconnectReason): void {
    if (this.#phase === 'closed') return
    const wasOpen = this.#phase === 'open'
    this.#phase = 'closed'
    this.#held = undefined
    this.heldBytes = 0
    const isForGood = !mayReturn.has(reason)
    if (wasOpen) this.#listener?.closed(reason)
    if (this.#place !== undefined) {
      if (this.#positions !== undefined && this.#place.holder === this)
        this.#place.bases = new Map(this.#positions.bases)
      this.#services.recovery?.closed(this.#place, this, isForGood)
    }
    // Where an application says who is there, nobody else has to wait for the socket.
    this.#link?.lost(isForGood || this.#entry?.dress.hasOrigin === false)
    this.#options.gone()
  }
}

function once(run: (args: readonly unknown[]) => void): (args: readonly unknown[]) => void {
  let isDone = false
  return (args) => {
    if (isDone) return
    isDone = true
    run(args)
  }
}

function refusalOf(error: unknown): { readonly message: string; readonly data?: unknown } {
  if (error instanceof ParleyError) return { message: error.message, data: error.toBody() }
  if (error instanceof Error) return { message: error.message, data: (error as { data?: unknown }).data }
  return { message: 'The server refused the connection.' }
}
