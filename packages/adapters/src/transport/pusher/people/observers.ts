import { type Accept, AskingLink, type AskingListener, type Identity } from '@parley/kernel'
import type {
  OccupancyFrame,
  ServerFrame,
  StateFrame,
  StateSnapshot,
  SubscribeResult,
} from '@parley/protocol'

/** What an observer wants to know of a channel. */
export interface Watching {
  /** Who is there now; what was known before is void. */
  began(result: { readonly state?: StateSnapshot; readonly occupancy?: OccupancyFrame['sessions'] }): void
  changed(frame: StateFrame | OccupancyFrame): void
}

interface Watch {
  readonly channel: string
  readonly wish: 'state' | 'occupancy'
  readonly watching: Watching
  line: Line | undefined
  /** What came before `began` was called. */
  held: (StateFrame | OccupancyFrame)[] | undefined
}

/** Channels that one session may be subscribed to, with room to spare. */
const channelsPerLine = 900
const retryMs = 500

export interface ObserversParts {
  readonly accept: Accept
  readonly identity: Identity
  readonly random: () => number
}

/**
 * Sessions of the server itself in one app, which are told who is in a channel: once for all clients of this node, and
 * never behind.
 */
export class Observers {
  readonly #parts: ObserversParts
  readonly #lines = new Set<Line>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isStopped = false

  constructor(parts: ObserversParts) {
    this.#parts = parts
  }

  /** Watches until what it answers is called. Fulfilled when `began` was called, or will be some time later. */
  async watch(channel: string, wish: Watch['wish'], watching: Watching): Promise<() => void> {
    const watch: Watch = { channel, wish, watching, line: undefined, held: undefined }
    await this.#begin(watch)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      watch.line?.end(watch)
      this.#ended.add(watch)
    }
  }

  readonly #ended = new WeakSet<Watch>()

  async #begin(watch: Watch): Promise<void> {
    if (this.#isStopped || this.#ended.has(watch)) return
    try {
      const line = this.#lineWithRoom()
      watch.line = line
      await line.begin(watch)
    } catch {
      watch.line = undefined
      this.#later(watch)
    }
  }

  #later(watch: Watch): void {
    if (this.#isStopped) return
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        void this.#begin(watch)
      },
      retryMs * (0.5 + this.#parts.random()),
    )
    this.#timers.add(timer.unref())
  }

  #lineWithRoom(): Line {
    for (const line of this.#lines) if (line.size < channelsPerLine) return line
    const line = new Line(this.#parts, (lost) => {
      this.#lines.delete(line)
      for (const watch of lost) {
        watch.line = undefined
        this.#later(watch)
      }
    })
    this.#lines.add(line)
    return line
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const line of this.#lines) line.stop()
    this.#lines.clear()
  }
}

/** One such session. */
class Line implements AskingListener {
  readonly heldBytes = 0
  readonly #watches = new Map<string, Watch>()
  readonly #link: AskingLink
  readonly #connected: Promise<unknown>
  readonly #lost: (watches: Iterable<Watch>) => void

  /** @throws ParleyError when the node takes no sessions */
  constructor({ accept, identity }: ObserversParts, lost: (watches: Iterable<Watch>) => void) {
    this.#lost = lost
    const carrier = { bufferedBytes: 0, cork: nothing, uncork: nothing }
    this.#link = new AskingLink(
      { accept, handshake: { transport: 'pusher', ip: '', identity } },
      carrier,
      this,
    )
    this.#connected = this.#link.connect(undefined)
    // Whoever begins to watch waits for it too, and hears of its failure.
    this.#connected.catch(nothing)
  }

  get size(): number {
    return this.#watches.size
  }

  async begin(watch: Watch): Promise<void> {
    const { channel, wish } = watch
    this.#watches.set(channel, watch)
    watch.held = []
    try {
      await this.#connected
      const wanted = { op: 'subscribe', channel, silent: true, [wish]: true }
      const { state, occupancy } = (await this.#link.request(wanted)) as SubscribeResult
      watch.watching.began({
        ...(state === undefined ? {} : { state: await this.#whole(channel, state) }),
        ...(occupancy === undefined ? {} : { occupancy: occupancy.sessions }),
      })
      const { held } = watch
      watch.held = undefined
      for (const frame of held) watch.watching.changed(frame)
    } catch (error) {
      this.#watches.delete(channel)
      throw error
    }
  }

  /** A snapshot with all its pages. */
  async #whole(channel: string, first: StateSnapshot): Promise<StateSnapshot> {
    const entries = [...first.entries]
    for (let after = first.next; after !== undefined; ) {
      const page = (await this.#link.request({ op: 'state', channel, after })) as StateSnapshot
      entries.push(...page.entries)
      after = page.next
    }
    return { ...first, entries }
  }

  end({ channel }: Watch): void {
    if (!this.#watches.delete(channel)) return
    this.#link.request({ op: 'unsubscribe', channel }).catch(nothing)
  }

  events(): void {
    // Only who is there matters here.
  }

  frame(frame: ServerFrame): void {
    if (frame.op !== 'state' && frame.op !== 'occupancy') return
    const watch = this.#watches.get(frame.channel)
    if (watch?.held === undefined) watch?.watching.changed(frame)
    else watch.held.push(frame)
  }

  closedByNode(): void {
    const watches = [...this.#watches.values()]
    this.#watches.clear()
    this.#lost(watches)
  }

  stop(): void {
    this.#link.lost(true)
  }
}

function nothing(): void {
  // Nothing to do.
}
