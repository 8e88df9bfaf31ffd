import {
  AskingLink,
  type AskingListener,
  type ConnectionHandler,
  type OutgoingFrame,
  type Timer,
} from '@parley/kernel'
import { ParleyError, type ServerFrame } from '@parley/protocol'
import type { WebSocketConnection } from '../websocket/connection.ts'
import { EventRate, publishClientEvent, Refusal } from './client-event.ts'
import { countFrame, type Entrant, EntryRefusal, enter, patiently, readWish } from './entering.ts'
import { type EventBatch, terminated } from './event-batch.ts'
import { type ClientMessage, codes, decodeMessage, encodeMessage, fieldsOf } from './messages.ts'
import { pusherNameOf, readChannelName, serverToUser, userChannelOf, userOfName } from './names.ts'
import type { Arrival, ClientServices } from './services.ts'
import { readSignin, type SignedUser } from './signin.ts'
import type { Subscription, SubscriptionLine } from './subscription.ts'

/** Requests of one client that wait for the one before. */
const maxQueued = 4_096
/** How much later than agreed a client may be heard of, at most. */
const maxGraceMs = 10_000
const noRoom = 'The server takes no connections now. Connect again.'
const pong: OutgoingFrame = { text: '{"event":"pusher:pong","data":"{}"}' }
const ping: OutgoingFrame = { text: '{"event":"pusher:ping","data":"{}"}' }

/** A connection of a client of Pusher: a session of the node, whose subscriptions are channels. */
export class PusherClient implements ConnectionHandler, AskingListener, SubscriptionLine {
  readonly socketId: string
  readonly #services: ClientServices
  readonly #arrival: Arrival
  readonly #connection: WebSocketConnection
  #link: AskingLink | undefined
  readonly #subscriptions = new Map<string, Subscription>()
  /** Those of which the client has not been told yet. */
  readonly #opening = new Set<Subscription>()
  /** What the client asks for, one after the other. */
  #queue: Promise<void> = Promise.resolve()
  #queued = 0
  #user: SignedUser | undefined
  #unwatch: (() => void) | undefined
  #rate: EventRate | undefined
  #heardAt: number
  #pingedAt: number | undefined
  #isOver = false
  #leaveTimer: Timer | undefined

  constructor(services: ClientServices, arrival: Arrival, connection: WebSocketConnection) {
    this.#services = services
    this.#arrival = arrival
    this.#connection = connection
    this.socketId = arrival.socketId
    this.#heardAt = services.clock.now()
  }

  /** Opens a session for the connection, and tells the client so; what the client asks for waits for it. */
  begin(): void {
    this.#queue = this.#open()
  }

  async #open(): Promise<void> {
    const { app, handshake } = this.#arrival
    try {
      const { accept } = app
      const withIdentity = { ...handshake, identity: app.identity }
      this.#link = new AskingLink({ accept, handshake: withIdentity }, this.#connection, this)
      await this.#link.connect(undefined)
    } catch {
      this.#tellError(codes.overCapacity, noRoom)
      this.close(codes.overCapacity, noRoom)
      return
    }
    const { activityTimeoutS: activity_timeout } = this.#services.settings
    const established = { socket_id: this.socketId, activity_timeout }
    this.write({ text: encodeMessage('pusher:connection_established', established) })
  }

  // ——— what the client says

  receive(text: string): void {
    this.#heardAt = this.#services.clock.now()
    this.#pingedAt = undefined
    const message = decodeMessage(text)
    if (message === undefined) this.#tellError(null, 'A message is JSON with `event` and `data`.')
    else if (message.event === 'pusher:ping') this.write(pong)
    else if (message.event !== 'pusher:pong') this.#enqueue(message)
  }

  #enqueue(message: ClientMessage): void {
    if (this.#queued >= maxQueued) {
      this.close(codes.overCapacity, 'Too much was asked for at once.')
      return
    }
    this.#queued += 1
    this.#queue = this.#queue.then(async () => {
      this.#queued -= 1
      if (this.#isOver) return
      try {
        await this.#carryOut(message)
      } catch (error) {
        this.#failed(error)
      }
    })
  }

  #failed(error: unknown): void {
    if (error instanceof Refusal) this.#tellError(error.code, error.message)
    else if (error instanceof ParleyError) this.#tellError(null, error.message)
    else {
      this.#services.failed(error)
      this.close(codes.reconnect, 'Something has failed.')
    }
  }

  async #carryOut(message: ClientMessage): Promise<void> {
    const { event } = message
    if (event === 'pusher:subscribe') await this.#subscribe(fieldsOf(message.data))
    else if (event === 'pusher:unsubscribe') await this.#unsubscribe(fieldsOf(message.data).channel)
    else if (event === 'pusher:signin') await this.#signIn(fieldsOf(message.data))
    else if (event.startsWith('client-')) await this.#clientEvent(message)
    else throw new Refusal(null, `\`${event.slice(0, 100)}\` is nothing that a client may send.`)
  }

  async #subscribe(data: Readonly<Record<string, unknown>>): Promise<void> {
    this.#services.counted('subscribe')
    const user = userOfName(data.channel)
    try {
      if (user !== undefined) this.#confirmUserChannel(user)
      else await this.#enter(data)
    } catch (error) {
      if (this.#isOver) return
      const refusal = entryRefusalOf(error)
      if (refusal === undefined) throw error
      const { type, status, message } = refusal
      this.#services.refused(status)
      const channel = typeof data.channel === 'string' ? { channel: data.channel.slice(0, 300) } : {}
      this.write({
        text: encodeMessage('pusher:subscription_error', { type, error: message, status }, channel),
      })
    }
  }

  async #enter(data: Readonly<Record<string, unknown>>): Promise<void> {
    const entrant = this.#entrant()
    const wish = readWish(data, entrant)
    const { channel, name } = wish.name
    if (this.#subscriptions.has(channel)) throw new Refusal(null, `You are subscribed to ${name} already.`)
    try {
      const subscription = await enter(entrant, wish)
      if (this.#isOver) this.#forget(subscription)
    } catch (error) {
      this.#subscriptions.delete(channel)
      throw error
    } finally {
      for (const opening of this.#opening) if (opening.name === wish.name) this.#opening.delete(opening)
      if (this.#connection.bufferedBytes === 0) this.#link?.drained()
    }
  }

  #entrant(): Entrant {
    return {
      services: this.#services,
      app: this.#arrival.app,
      link: this.#link as AskingLink,
      line: this,
      user: this.#user,
      begun: (subscription) => {
        this.#subscriptions.set(subscription.name.channel, subscription)
        this.#opening.add(subscription)
      },
    }
  }

  #confirmUserChannel(user: string): void {
    if (user !== this.#user?.id) throw new EntryRefusal(401, 'Sign in as the user first.')
    this.write({
      text: encodeMessage('pusher_internal:subscription_succeeded', {}, { channel: serverToUser(user) }),
    })
  }

  async #unsubscribe(name: unknown): Promise<void> {
    const wanted = readChannelName(name)
    if (typeof wanted === 'string') return
    const subscription = this.#subscriptions.get(wanted.channel)
    if (subscription === undefined) return
    this.#subscriptions.delete(wanted.channel)
    this.#forget(subscription)
    await patiently(this.#services.clock, async () =>
      this.#link?.request({ op: 'unsubscribe', channel: wanted.channel }),
    )
  }

  #forget(subscription: Subscription): void {
    const { name } = subscription
    this.#arrival.app.rooms.leave(name, subscription)
    if (name.hasMembers) this.#arrival.app.rosters.close(name.channel)
  }

  async #signIn(data: Readonly<Record<string, unknown>>): Promise<void> {
    this.#services.counted('signin')
    const { app } = this.#arrival
    const user = readSignin(data, { app: app.name, socketId: this.socketId, keys: this.#services.keys })
    if (this.#user !== undefined) {
      if (this.#user.id !== user.id) throw new Refusal(codes.unauthorized, 'Another user has signed in here.')
      return
    }
    this.#user = user
    const channel = userChannelOf(user.id)
    await patiently(this.#services.clock, async () => this.#link?.request({ op: 'subscribe', channel }))
    this.write({ text: encodeMessage('pusher:signin_success', { user_data: user.text }) })
    if (user.watchlist.length === 0) return
    const unwatch = await app.watchlists.watch(user.watchlist, { tell: (text) => this.write({ text }) })
    if (this.#isOver) unwatch()
    else this.#unwatch = unwatch
  }

  async #clientEvent(message: ClientMessage): Promise<void> {
    this.#services.counted('client_event')
    this.#rate ??= new EventRate(this.#services.settings.clientEventsPerSecond)
    const name = readChannelName(message.channel)
    const subscription = typeof name === 'string' ? undefined : this.#subscriptions.get(name.channel)
    const from = { app: this.#arrival.app.name, subscription, rate: this.#rate }
    await publishClientEvent(this.#services, message, from)
  }

  // ——— what the node says

  get heldBytes(): number {
    let bytes = 0
    for (const { heldBytes } of this.#opening) bytes += heldBytes
    return bytes
  }

  events(text: string): void {
    const batch = this.#services.batches.of(text, this.#nameOf)
    const subscription = this.#subscriptions.get(batch.channel)
    if (subscription !== undefined) subscription.deliver(batch, text.length)
    else if (this.#user !== undefined && batch.channel === userChannelOf(this.#user.id))
      this.#deliverToUser(batch)
  }

  readonly #nameOf = (channel: string): string =>
    this.#subscriptions.has(channel) || this.#user === undefined
      ? pusherNameOf(channel)
      : serverToUser(this.#user.id)

  #deliverToUser({ events }: EventBatch): void {
    for (const { type, frame } of events) {
      if (type === terminated) this.close(codes.unauthorized, 'Your connections were ended.')
      else this.write(frame)
    }
  }

  frame(frame: ServerFrame): void {
    if (frame.op === 'goaway')
      this.#leaveIn(frame.retryAfterMs + this.#services.clock.random() * frame.spreadMs)
    else if (frame.op === 'occupancy') {
      const subscription = this.#subscriptions.get(frame.channel)
      subscription?.send(countFrame(subscription.name, frame.sessions))
    } else if (frame.op === 'unsubscribed') this.close(codes.reconnect, 'A subscription has ended.')
  }

  #leaveIn(delayMs: number): void {
    this.#leaveTimer ??= this.#services.clock.after(delayMs, () => this.#sendAway())
  }

  #sendAway(): void {
    const code = this.#services.hasPeers() ? codes.reconnect : codes.overCapacity
    this.close(code, 'The server is stopping. Connect again.')
  }

  closedByNode(code: number): void {
    if (code === 4201) this.#sendAway()
    else if (code < 4200) this.close(codes.unauthorized, 'The server has ended the connection.')
    else this.close(codes.overCapacity, 'The connection could not be kept up. Connect again.')
  }

  // ——— the connection

  write(frame: OutgoingFrame): void {
    if (this.#isOver) return
    this.#connection.send(frame)
    // What the node sends waits with the node; all else has this bound.
    if (this.#connection.bufferedBytes > this.#services.settings.maxBufferedBytes)
      this.close(codes.overCapacity, 'The connection takes too little.')
  }

  #tellError(code: number | null, message: string): void {
    this.#services.refused(code ?? 0)
    this.write({ text: encodeMessage('pusher:error', { code, message }) })
  }

  close(code: number, reason: string): void {
    this.#connection.close(code, reason)
    this.#end(true)
  }

  /** Looks whether the client is still there. */
  beat(now: number): void {
    const { activityTimeoutS, pongTimeoutMs } = this.#services.settings
    const silenceMs = activityTimeoutS * 1_000
    if (this.#pingedAt !== undefined) {
      // A client that takes nothing has not seen the question either: the node looks after those.
      if (now - this.#pingedAt > pongTimeoutMs && this.#connection.bufferedBytes === 0)
        this.close(codes.noPong, 'No pong came in time.')
    } else if (now - this.#heardAt > silenceMs + Math.min(silenceMs, maxGraceMs)) {
      this.#pingedAt = now
      this.write(ping)
    }
  }

  drained(): void {
    this.#link?.drained()
  }

  heard(): void {
    this.#link?.heard()
  }

  closed(code: number): void {
    this.#end(code === 1000 || code === 1005)
    this.#services.left(this)
  }

  /** `hasLeft`: nobody has to wait whether it comes back. */
  #end(hasLeft: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#leaveTimer?.cancel()
    this.#unwatch?.()
    for (const subscription of this.#subscriptions.values())
      if (!this.#opening.has(subscription)) this.#forget(subscription)
    this.#subscriptions.clear()
    this.#link?.lost(hasLeft)
  }
}

function entryRefusalOf(error: unknown): EntryRefusal | undefined {
  if (error instanceof EntryRefusal) return error
  if (!(error instanceof ParleyError)) return undefined
  return new EntryRefusal(error.code === 'forbidden' ? 403 : 400, error.message, error.code)
}
