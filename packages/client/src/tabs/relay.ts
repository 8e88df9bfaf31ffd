import { type ConnectResult, ParleyError, type SetStateFrame, supportedVersions } from '@parley/protocol'
import type { ClientOptions } from '../client-options.ts'
import type { ConnectionSnapshot } from '../connection/connection-snapshot.ts'
import { createEngine, type Engine } from '../engine.ts'
import {
  type Clock,
  type Network,
  type NetworkHint,
  systemClock,
  systemNetwork,
  type Timer,
} from '../platform.ts'
import type { Answer } from '../requests.ts'
import type { Link } from '../transport.ts'
import { websocketTransport } from '../transports/websocket.ts'
import { RelayedLink, type TabPort } from './relayed-link.ts'

/** How often tabs are told their place in channels in which nothing is for them. */
const placesMs = 5_000
/** A link of a tab is watched by other means than silence. */
const neverMs = 24 * 60 * 60 * 1000
const pingTimeoutMs = 3_000
/** The connection outlives the last tab by so much: it may only be reconnecting. */
const lingerMs = 1_000
const handedOver = 3000
const lost = { code: 1001, reason: 'The shared connection is not there.' } as const

export interface RelayOptions {
  readonly client: ClientOptions
  /** The connection works: tabs that wait may come. */
  readonly ready: () => void
  /** Told of errors of the connection. Absent: they are reported as those that nobody handles. */
  readonly failed?: ((error: ParleyError) => void) | undefined
}

/** The one connection, and the tabs that share it. To each tab it is what a server would be. */
export class Relay {
  readonly #options: RelayOptions
  readonly #clock: Clock
  readonly #engine: Engine
  readonly #links = new Set<RelayedLink>()
  /** Who has set which entry of keyed state, the last at the end: entries are the session's, and all tabs are one. */
  readonly #entries = new Map<string, Map<RelayedLink, SetStateFrame>>()
  readonly #given = new Set<string>()
  #notice: (hint: NetworkHint) => void = () => undefined
  #places: Timer | undefined
  #linger: Timer | undefined
  #wasReady = false
  #isClosed = false
  #isHandedOver = false

  constructor(options: RelayOptions) {
    this.#options = options
    this.#clock = options.client.clock ?? systemClock
    const transport = options.client.transport ?? websocketTransport(options.client.WebSocket)
    const wishMs = (): number => this.#wishMs()
    this.#engine = createEngine({
      ...options.client,
      heartbeat: options.client.heartbeat && {
        get intervalMs() {
          return wishMs()
        },
      },
      network: this.#network(options.client.network ?? systemNetwork),
      transport: {
        name: transport.name,
        open: (url, handlers) => this.#watched(transport.open(url, handlers)),
      },
    })
    const { lifecycle } = this.#engine
    if (options.failed !== undefined) lifecycle.on('error', options.failed)
    lifecycle.on('status', (_status: string, snapshot: ConnectionSnapshot) => this.#changed(snapshot))
    lifecycle.on('subscribed', ({ channel }: { readonly channel: string }) => {
      this.#given.add(channel)
      for (const link of this.#links) link.subscribed(channel)
    })
    lifecycle.on('unsubscribed', ({ channel }: { readonly channel: string }) => this.#given.delete(channel))
    this.#connect()
  }

  /** How often the server should ask: as the tab would like that would like it most often. */
  #wishMs(): number {
    return this.#links.size === 0 ? 0 : Math.min(...[...this.#links].map((link) => link.wishMs))
  }

  /** Whether this tab is hidden is not what counts: another may be seen. With the hint, what the tabs like is told anew. */
  #network(network: Network): Network {
    return {
      online: () => network.online(),
      watch: (notice) => {
        this.#notice = notice
        return network.watch(notice)
      },
    }
  }

  /** A link that is not closed for good when the connection is handed over. */
  #watched(link: Link): Link {
    return {
      get bufferedBytes() {
        return link.bufferedBytes
      },
      send: (text) => link.send(text),
      close: (code, reason) => link.close(this.#isHandedOver ? handedOver : code, reason),
    }
  }

  #connect(): void {
    const { connection } = this.#engine
    // The reason why it ends is in the status.
    if (connection.snapshot.status === 'disconnected') void connection.connect().catch(() => undefined)
  }

  /** A tab connects; returns what it sends to. */
  accept(port: TabPort): RelayedLink {
    const link: RelayedLink = new RelayedLink({
      engine: this.#engine,
      port,
      newId: () => this.#clock.secret(96),
      paced: () => this.#notice('hidden'),
      setState: (by, frame, done) => this.#setState(by, frame, done),
      left: (channel) => {
        for (const entries of this.#entries.values())
          if (entries.get(link)?.channel === channel) this.#forget(entries, link)
      },
    })
    this.#linger?.cancel()
    this.#connect()
    this.#links.add(link)
    this.#places ??= this.#clock.after(placesMs, this.#tellPlaces)
    return link
  }

  /** Something of a tab: it may be what it waited for. */
  received(link: RelayedLink, text: string): void {
    link.receive(text)
    if (link.isOver) this.leave(link)
    if (link.waitsForAnswer) this.#changed(this.#engine.connection.snapshot)
  }

  /** A tab is gone. */
  leave(link: RelayedLink): void {
    if (!this.#links.delete(link)) return
    link.gone()
    this.#notice('hidden')
    for (const entries of this.#entries.values()) this.#forget(entries, link)
    if (this.#links.size > 0) return
    this.#places?.cancel()
    this.#places = undefined
    this.#linger?.cancel()
    this.#linger = this.#clock.after(lingerMs, () => this.#engine.connection.disconnect())
  }

  /** Somebody else leads from now on. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    // Who has tabs is about to be there again: the server is not told that they have left.
    this.#isHandedOver = this.#links.size > 0
    for (const link of [...this.#links]) link.close(lost.code, 'Another tab has the connection now.')
    this.#links.clear()
    this.#places?.cancel()
    this.#linger?.cancel()
    this.#engine.connection.disconnect()
  }

  #changed(snapshot: ConnectionSnapshot): void {
    if (this.#isClosed) return
    const { status, error } = snapshot
    if (status === 'connected') this.#admit(snapshot)
    else if (status === 'disconnected' && error !== undefined) this.#end((link) => link.refuse(error))
    else if (this.#wasReady) this.#end((link) => link.close(lost.code, lost.reason))
    if (status !== 'connected') this.#wasReady = false
  }

  #admit(snapshot: ConnectionSnapshot): void {
    const result = this.#result(snapshot)
    for (const link of this.#links) {
      if (!link.waitsForAnswer) continue
      link.accept(result)
      for (const channel of this.#given) link.subscribed(channel)
    }
    if (!this.#wasReady) this.#options.ready()
    this.#wasReady = true
  }

  #end(close: (link: RelayedLink) => void): void {
    this.#entries.clear()
    this.#given.clear()
    for (const link of [...this.#links]) {
      this.#links.delete(link)
      close(link)
    }
  }

  /** What a tab is told of the connection. Its token and its session are no tab's business. */
  #result({ session = '', app = '', user }: ConnectionSnapshot): ConnectResult {
    return {
      ...{ version: supportedVersions[0] ?? 1, session, secret: '', node: '', resumed: false, app },
      ...(user === undefined ? {} : { user }),
      ...{ pingIntervalMs: neverMs, pingTimeoutMs, maxFrameBytes: Number.MAX_SAFE_INTEGER },
      time: this.#clock.now(),
    }
  }

  #setState(link: RelayedLink, frame: SetStateFrame, done: (answer: Answer) => void): void {
    const key = `${frame.name} ${frame.channel}`
    const entries = this.#entries.get(key) ?? new Map<RelayedLink, SetStateFrame>()
    this.#entries.set(key, entries)
    if (frame.value === null) return this.#forget(entries, link, done)
    entries.delete(link)
    entries.set(link, frame)
    this.#set(frame, done)
  }

  /** A tab takes its entry back: that of another tab shows again, if there is one. */
  #forget(
    entries: Map<RelayedLink, SetStateFrame>,
    link: RelayedLink,
    done: (answer: Answer) => void = () => undefined,
  ): void {
    const own = entries.get(link)
    const isShown = own !== undefined && [...entries.keys()].at(-1) === link
    entries.delete(link)
    const next = [...entries.values()].at(-1)
    if (isShown) this.#set(next ?? { ...own, value: null }, done)
    else done({ status: 'ok', value: {} })
  }

  /** The stream has it from here on, and sets it again when it asks the server anew. */
  #set({ channel, name, value }: SetStateFrame, done: (answer: Answer) => void): void {
    const failed = (error: ParleyError): void => done({ status: 'error', error, fence: undefined })
    const stream = this.#engine.channels.find(channel)
    if (stream === undefined) return failed(new ParleyError('not_subscribed'))
    stream.setState(name, value).then(() => done({ status: 'ok', value: {} }), failed)
  }

  readonly #tellPlaces = (): void => {
    for (const link of this.#links) link.flush()
    this.#places = this.#clock.after(placesMs, this.#tellPlaces)
  }
}
