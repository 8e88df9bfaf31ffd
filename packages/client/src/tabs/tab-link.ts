import type { Clock, Timer } from '../platform.ts'
import type { Link, LinkHandlers } from '../transport.ts'
import type { TabsChannel, TabsPlatform } from './tabs-platform.ts'

/** What goes over the channel of one link. */
export type LinkMessage =
  | { readonly type: 'opened'; readonly leader: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }
  | { readonly type: 'ping' | 'pong' }

export interface TabLinkOptions {
  readonly platform: TabsPlatform
  readonly clock: Clock
  /** Of the channel of this link. */
  readonly name: string
  readonly handlers: LinkHandlers
  /** Asks whoever leads to open its end. */
  readonly ask: () => void
  /** The leader does not answer, although it has the lock. */
  readonly silent: () => void
  readonly over: () => void
}

/** How often a leader is asked whether it is there, and how long it may take to say so, twice. */
const askMs = 5_000
const patienceMs = 2_000

/** The end of a link in a tab that does not lead. */
export class TabLink implements Link {
  readonly #options: TabLinkOptions
  readonly #channel: TabsChannel
  readonly #alive = new AbortController()
  #release: () => void = () => undefined
  #leader: string | undefined
  #timer: Timer | undefined
  #misses = 0
  #isOver = false
  readonly bufferedBytes = 0

  constructor(options: TabLinkOptions) {
    this.#options = options
    const { platform, name, ask } = options
    this.#channel = platform.channel(name)
    this.#channel.hear((message) => this.#heard(message as LinkMessage))
    // Whoever leads waits for this lock: when it is free, this tab is gone, however it went.
    platform.locks
      .request(name, { signal: this.#alive.signal }, () => {
        ask()
        this.#wait(patienceMs)
        return new Promise<void>((release) => {
          this.#release = release
        })
      })
      .catch(() => undefined)
  }

  /** Another leads, or the same once more; or this tab itself, which needs no link to the connection. */
  led(leader: string, isOurs: boolean): void {
    if (isOurs) this.#end(1001, 'This tab has the connection now.')
    else if (this.#leader === undefined) this.#options.ask()
    else if (this.#leader !== leader) this.#end(1001, 'Another tab has the connection now.')
  }

  send(text: string): void {
    if (!this.#isOver) this.#tell({ type: 'text', text })
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#tell({ type: 'closed', code, reason })
    this.#stop()
  }

  #heard(message: LinkMessage): void {
    if (this.#isOver) return
    this.#misses = 0
    switch (message.type) {
      case 'opened':
        if (this.#leader !== undefined) return
        this.#leader = message.leader
        this.#wait(askMs)
        return this.#options.handlers.opened()
      case 'pong':
        return this.#wait(askMs)
      case 'text':
        return this.#options.handlers.received(message.text)
      case 'closed':
        return this.#end(message.code, message.reason)
    }
  }

  #wait(delayMs: number): void {
    this.#timer?.cancel()
    if (!this.#isOver) this.#timer = this.#options.clock.after(delayMs, () => this.#ask())
  }

  /** This tab may have slept itself: what came meanwhile is heard after the timer, so one miss proves nothing. */
  #ask(): void {
    if (this.#misses >= 2) {
      this.#options.silent()
      return this.#end(1006, 'The tab that has the connection does not answer.')
    }
    this.#misses += 1
    if (this.#leader === undefined) this.#options.ask()
    else this.#tell({ type: 'ping' })
    this.#wait(patienceMs)
  }

  #tell(message: LinkMessage): void {
    this.#channel.tell(message)
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#stop()
    this.#options.handlers.closed(code, reason)
  }

  #stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#channel.close()
    this.#alive.abort()
    this.#release()
    this.#options.over()
  }
}
