import type { ParleyError } from '@parley/protocol'
import type { ClientOptions } from '../client-options.ts'
import { leadershipTurns, type Turns } from '../offline/turns.ts'
import { type Network, systemClock, systemNetwork } from '../platform.ts'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'
import { Leadership } from './leadership.ts'
import { Relay } from './relay.ts'
import type { RelayedLink, TabPort } from './relayed-link.ts'
import { type LeaderMessage, TabLink, type TabMessage } from './tab-link.ts'
import { browserPlatform, type TabsChannel, type TabsPlatform } from './tabs-platform.ts'

export type { Locks, TabsChannel, TabsPlatform } from './tabs-platform.ts'

export interface SharedConnectionOptions extends ClientOptions {
  /** Who is signed in: tabs share a connection with those of the same user alone. */
  readonly user: string
  /** Default: that of the page. */
  readonly tabs?: TabsPlatform | undefined
  /** Told of errors of the shared connection, in the tab that has it. Absent: they are reported as unhandled. */
  readonly onProblem?: ((error: ParleyError) => void) | undefined
}

export interface SharedConnection {
  /** For `createClient`, in each tab. */
  readonly options: ClientOptions
  /** This tab has the connection. */
  readonly isLeader: boolean
  /** Whether tabs share at all: not where the browser lacks locks or broadcasts, nor on a server. */
  readonly isShared: boolean
  /** For an outbox: the tab that has the connection sends. Undefined where nothing is shared. */
  turns(): Turns | undefined
  /** Leaves the connection to the other tabs; call it when the client is disconnected for good. */
  close(): void
}

type ControlMessage =
  | { readonly type: 'open'; readonly link: string }
  | { readonly type: 'leader' | 'ready'; readonly leader: string }

/**
 * One connection for all tabs of a user. The oldest tab has it; when it is closed or crashes, the next takes over, and
 * every tab goes on from the positions it holds. Nothing happens before a client with these options connects.
 */
export function sharedConnection(options: SharedConnectionOptions): SharedConnection {
  const platform = options.tabs ?? browserPlatform()
  if (platform === undefined) {
    const { user: _user, tabs: _tabs, onProblem: _told, ...alone } = options
    return { options: alone, isLeader: true, isShared: false, turns: () => undefined, close: () => undefined }
  }
  return new Tab(options, platform)
}

class Tab implements SharedConnection {
  readonly isShared = true
  readonly options: ClientOptions
  readonly #given: SharedConnectionOptions
  readonly #platform: TabsPlatform
  readonly #name: string
  readonly #links = new Set<TabLink>()
  readonly #nudges = new Set<() => void>()
  /** Links of other tabs that this one serves, each with what says so once more. */
  readonly #served = new Map<string, () => void>()
  #id = ''
  #control: TabsChannel | undefined
  #leadership: Leadership | undefined
  #relay: Relay | undefined

  constructor(given: SharedConnectionOptions, platform: TabsPlatform) {
    const { getToken: _token, token: _fixed, reconnect: _reconnect, user, ...more } = given
    const { tabs: _tabs, onProblem: _told, ...rest } = more
    this.#given = given
    this.#platform = platform
    this.#name = `parley ${given.url} ${user}`
    this.options = {
      ...rest,
      // The leader counts, and tells when it gives up; on the way to it there is nothing to count.
      maxReconnectAttempts: Number.POSITIVE_INFINITY,
      ...{ transport: this.#transport(), network: this.#network() },
    }
  }

  get isLeader(): boolean {
    return this.#leadership?.isLeader === true
  }

  turns(): Turns {
    return leadershipTurns(this.#lead(), this.#platform.channel(`${this.#name} outbox`))
  }

  close(): void {
    this.#leadership?.close()
    this.#leadership = undefined
    this.#follow()
    for (const link of [...this.#links]) link.close(1000, '')
    this.#control?.close()
    this.#control = undefined
  }

  /** Tabs find each other when the first of them is needed: not while a page is rendered on a server. */
  #lead(): Leadership {
    if (this.#leadership !== undefined) return this.#leadership
    this.#id = (this.#given.clock ?? systemClock).secret(96)
    this.#control = this.#platform.channel(this.#name)
    this.#control.hear((message) => this.#heard(message as ControlMessage))
    this.#leadership = new Leadership(this.#platform, this.#name)
    this.#leadership.watch(() => this.#follow())
    if (this.#leadership.isLeader) this.#follow()
    return this.#leadership
  }

  /** Takes up the lead, or gives it up. */
  #follow(): void {
    if (!this.isLeader) {
      this.#relay?.close()
      this.#relay = undefined
      return
    }
    const { user: _user, tabs: _tabs, onProblem, ...client } = this.#given
    this.#relay = new Relay({
      client,
      ready: () => this.#told({ type: 'ready', leader: this.#id }),
      failed: onProblem,
    })
    this.#told({ type: 'leader', leader: this.#id })
  }

  /** What a leader tells counts for its own clients too. */
  #told(message: ControlMessage): void {
    this.#control?.tell(message)
    this.#heard(message)
  }

  #heard(message: ControlMessage): void {
    if (message.type === 'open') return this.#serve(message.link)
    if (message.type === 'leader')
      for (const link of [...this.#links]) link.led(message.leader, message.leader === this.#id)
    for (const nudge of this.#nudges) nudge()
  }

  /** Opens the leader's end of a link. */
  #serve(name: string): void {
    const relay = this.#relay
    if (relay === undefined) return
    const served = this.#served.get(name)
    // It has asked again before it was answered.
    if (served !== undefined) return served()
    const channel = this.#platform.channel(name)
    const from = this.#id
    const tell = (message: LeaderMessage): void => channel.tell(message)
    const tellOpened = (): void => tell({ from, type: 'opened' })
    this.#served.set(name, tellOpened)
    const end = new AbortController()
    const over = (): void => {
      this.#served.delete(name)
      end.abort()
      channel.close()
    }
    const link = relay.accept({
      send: (text) => tell({ from, type: 'text', text }),
      close(code, reason) {
        tell({ from, type: 'closed', code, reason })
        over()
      },
    })
    channel.hear((heard) => {
      const message = heard as TabMessage | LeaderMessage
      // Another that takes itself for the leader.
      if ('from' in message) return
      if (message.type === 'text' && message.to === from) relay.received(link, message.text)
      else if (message.type === 'ping' && message.to === from) tell({ from, type: 'pong' })
      else {
        // It is gone, or has taken another leader.
        relay.leave(link)
        over()
      }
    })
    tellOpened()
    // The tab holds this lock as long as it is there.
    const gone = async (): Promise<void> => {
      relay.leave(link)
      over()
    }
    this.#platform.locks.request(name, { signal: end.signal }, gone).catch(() => undefined)
  }

  #transport(): ClientTransport {
    return {
      name: 'tabs',
      open: (_url, handlers) => {
        this.#lead()
        const relay = this.#relay
        return relay === undefined ? this.#join(handlers) : within(relay, handlers)
      },
    }
  }

  /** A link to whichever tab leads. */
  #join(handlers: LinkHandlers): Link {
    const clock = this.#given.clock ?? systemClock
    const name = `${this.#name} ${clock.secret(96)}`
    const link: TabLink = new TabLink({
      ...{ platform: this.#platform, clock, name, handlers },
      ask: () => this.#control?.tell({ type: 'open', link: name } satisfies ControlMessage),
      silent: () => this.#leadership?.seize(),
      over: () => this.#links.delete(link),
    })
    this.#links.add(link)
    return link
  }

  /** The hints of the platform, and one more: the connection works again, so that nobody waits longer than needed. */
  #network(): Network {
    const { network = systemNetwork } = this.#given
    return {
      online: () => network.online(),
      hidden: () => network.hidden?.() === true,
      watch: (notice) => {
        const nudge = (): void => notice('visible')
        this.#nudges.add(nudge)
        const stop = network.watch(notice)
        return () => {
          this.#nudges.delete(nudge)
          stop()
        }
      },
    }
  }
}

/** A link of the leader's own tab: nothing lies between. */
function within(relay: Relay, handlers: LinkHandlers): Link {
  let isOver = false
  const later = (run: () => void): void => queueMicrotask(() => !isOver && run())
  const port: TabPort = {
    send: (text) => later(() => handlers.received(text)),
    close: (code, reason) =>
      later(() => {
        isOver = true
        handlers.closed(code, reason)
      }),
  }
  const link: RelayedLink = relay.accept(port)
  later(() => handlers.opened())
  return {
    bufferedBytes: 0,
    send: (text) => later(() => relay.received(link, text)),
    close() {
      isOver = true
      relay.leave(link)
    },
  }
}
