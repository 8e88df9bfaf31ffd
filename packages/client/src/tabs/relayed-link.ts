import {
  type CallFrame,
  type ClientFrame,
  type ConnectFrame,
  type ConnectResult,
  closeCodes,
  decodeClientMessage,
  encodeFrame,
  ParleyError,
  type ServerFrame,
  type SetStateFrame,
  type SubscribeFrame,
  type SubscribeResult,
} from '@parley/protocol'
import type { Engine } from '../engine.ts'
import type { Answer } from '../requests.ts'
import { RelayedChannel } from './relayed-channel.ts'

/** The way to one tab. */
export interface TabPort {
  send(text: string): void
  close(code: number, reason: string): void
}

export interface RelayedLinkOptions {
  readonly engine: Engine
  readonly port: TabPort
  /** A tab has set an entry of keyed state, and is the last to have. */
  readonly setState: (link: RelayedLink, frame: SetStateFrame, done: (answer: Answer) => void) => void
  /** A tab would like the server to ask more or less often. */
  readonly paced: () => void
  /** A tab does not listen to a channel any more: what it has set there is gone. */
  readonly left: (channel: string) => void
  readonly newId: () => string
}

const behindRefused =
  'A call that was sent before this one was refused for now; nothing of this one was done. Send both again, in their order.'

/** The server as one tab sees it: answers what the tab's client asks, from the connection that all tabs share. */
export class RelayedLink {
  readonly #options: RelayedLinkOptions
  readonly #channels = new Map<string, RelayedChannel>()
  #connectId: number | undefined
  #isAccepted = false
  #isOver = false
  /** How often the tab would like the server to ask, in ms; 0: as often as it likes. */
  wishMs = 0
  /** Refusals that hold back what the tab sent behind them; see `fence` in the protocol. Each has a number of its own. */
  #refusal = 0
  /** Frames that came before the tab was accepted. */
  #early: ClientFrame[] = []
  #outgoing: string[] = []

  constructor(options: RelayedLinkOptions) {
    this.#options = options
  }

  get waitsForAnswer(): boolean {
    return this.#connectId !== undefined && !this.#isAccepted && !this.#isOver
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Something from the tab. */
  receive(text: string): void {
    if (this.#isOver) return
    for (const decoded of decodeClientMessage(text)) {
      if ('failure' in decoded) return this.close(closeCodes.bad_frame, decoded.failure.problem)
      const { frame } = decoded
      if (frame.op === 'connect') this.#greeted(frame)
      else if (this.#isAccepted) this.#handle(frame)
      else this.#early.push(frame)
    }
  }

  #greeted({ id, pingIntervalMs }: ConnectFrame): void {
    this.#connectId = id
    this.#pace(pingIntervalMs)
  }

  /** Between tabs, nobody asks in intervals: the wish is for the connection that they share. */
  #pace(wishMs: number | undefined): void {
    if (wishMs === undefined) return
    this.wishMs = wishMs
    this.#options.paced()
  }

  /** The shared connection works: so does this one. */
  accept(result: ConnectResult): void {
    if (!this.waitsForAnswer || this.#connectId === undefined) return
    this.#isAccepted = true
    this.#reply(this.#connectId, result)
    for (const frame of this.#early.splice(0)) this.#handle(frame)
  }

  /** The server has put the shared session into a channel. */
  subscribed(channel: string): void {
    if (!this.#isAccepted || this.#channels.has(channel)) return
    this.#open({ channel, state: true }, (answer) => {
      if (!(answer instanceof ParleyError)) this.#send({ op: 'subscribed', channel, ...answer })
    })
  }

  /** Tells how far channels were gone through in which nothing was for the tab. */
  flush(): void {
    for (const channel of this.#channels.values()) channel.flush()
  }

  /** It is over for a reason that the tab is told in full. */
  refuse(error: ParleyError): void {
    this.#send({ op: 'error', error: error.toBody() })
    const known = (closeCodes as Readonly<Record<string, number>>)[error.code]
    this.close(known !== undefined && known < 4200 ? known : closeCodes.disconnected_by_server, error.message)
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#pass()
    this.gone()
    this.#options.port.close(code, reason)
  }

  /** The tab is not there any more. */
  gone(): void {
    this.#isOver = true
    for (const channel of this.#channels.values()) channel.end()
    this.#channels.clear()
  }

  #handle(frame: ClientFrame): void {
    switch (frame.op) {
      case 'subscribe':
        return this.#subscribe(frame)
      case 'unsubscribe':
        this.#channels.get(frame.channel)?.end()
        this.#channels.delete(frame.channel)
        this.#options.left(frame.channel)
        return this.#reply(frame.id, {})
      case 'call':
        return this.#call(frame)
      case 'set':
        return this.#options.setState(this, frame, (answer) => this.#answer(frame.id, answer))
      case 'state': {
        const channel = this.#channels.get(frame.channel)
        if (channel === undefined) return this.#refused(frame.id, new ParleyError('not_subscribed'))
        return this.#reply(frame.id, channel.snapshot())
      }
      case 'refresh':
        this.#options.engine.connection.refresh(frame.token).then(
          () => this.#reply(frame.id, {}),
          (error: ParleyError) => this.#refused(frame.id, error),
        )
        return
      case 'ping':
        this.#pace(frame.pingIntervalMs)
        return this.#send({ op: 'pong' })
    }
  }

  #subscribe({ op: _op, id, ...wanted }: SubscribeFrame): void {
    if (this.#channels.has(wanted.channel)) return this.#refused(id, new ParleyError('already_subscribed'))
    this.#open(wanted, (answer) =>
      answer instanceof ParleyError ? this.#refused(id, answer) : this.#reply(id, answer),
    )
  }

  #open(
    wanted: Omit<SubscribeFrame, 'op' | 'id'>,
    answer: (answer: SubscribeResult | ParleyError) => void,
  ): void {
    const { engine, newId } = this.#options
    const channel: RelayedChannel = new RelayedChannel(
      wanted,
      {
        channels: engine.channels,
        instance: newId(),
        send: (frame) => this.#send(frame),
        ended: () => {
          if (this.#channels.get(wanted.channel) === channel) this.#channels.delete(wanted.channel)
        },
      },
      answer,
    )
    this.#channels.set(wanted.channel, channel)
  }

  /**
   * The server tells tabs apart no more than their calls: towards it, each call knows of all refusals that any tab was
   * told of. Whether its own tab knows of its own is asked here.
   */
  #call(frame: CallFrame): void {
    const { connection } = this.#options.engine
    if (frame.fence !== undefined && frame.fence < this.#refusal)
      return this.#refused(frame.id, new ParleyError('unavailable', behindRefused), true)
    connection.request(
      (id, fence) => encodeFrame({ ...frame, id, ...(frame.fence === undefined ? {} : { fence }) }),
      (answer) => this.#answer(frame.id, answer),
    )
  }

  /** What got no answer is asked again by the tab, which loses its link with the connection. */
  #answer(id: number, answer: Answer): void {
    if (answer.status === 'ok') this.#reply(id, answer.value)
    else if (answer.status === 'error') this.#refused(id, answer.error, answer.fence !== undefined)
  }

  #reply(id: number, ok: unknown): void {
    this.#send({ op: 'reply', id, ok })
  }

  #refused(id: number, error: ParleyError, holdsBack = false): void {
    if (holdsBack) this.#refusal += 1
    // The token is the leader's.
    if (error.retry === 'refresh') this.#options.engine.connection.renewToken()
    this.#send({ op: 'reply', id, error: error.toBody(), ...(holdsBack ? { fence: this.#refusal } : {}) })
  }

  /** Frames of one turn leave together. */
  #send(frame: ServerFrame): void {
    if (this.#isOver) return
    this.#outgoing.push(encodeFrame(frame))
    if (this.#outgoing.length === 1) queueMicrotask(() => this.#pass())
  }

  #pass(): void {
    const text = this.#outgoing.join('\n')
    this.#outgoing = []
    if (text !== '' && !this.#isOver) this.#options.port.send(text)
  }
}
