import type { Clock, Timer } from '../platform.ts'
import type { Link, LinkHandlers } from '../transport.ts'
import type { TabsChannel, TabsPlatform } from './tabs-platform.ts'

type Said =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }

/** What a tab tells over the channel of its link, to the leader that it has taken; to none (`''`) before. */
export type TabMessage = { readonly to: string } & (Said | { readonly type: 'ping' })

/**
 * What a leader tells a tab. One that has slept may not know yet that it leads no more: whoever hears tells the leaders
 * apart.
 */
export type LeaderMessage = { readonly from: string } & (Said | { readonly type: 'opened' | 'pong' })

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
  #isHeld = false
  #isOver = false
  readonly bufferedBytes = 0

  constructor(options: TabLinkOptions) {
    this.#options = options
    const { platform, name, ask } = options
    this.#channel = platform.channel(name)
    this.#channel.hear((message) => this.#heard(message as LeaderMessage))
    // Whoever leads waits for this lock: when it is free, this tab is gone, however it went.
    platform.locks
      .request(name, { signal: this.#alive.signal }, () => {
        this.#isHeld = true
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
    else if (this.#leader === undefined) {
      // Not before the lock is held: the leader would get it, and take this tab for gone.
      if (this.#isHeld) this.#options.ask()
    } else if (this.#leader !== leader) this.#end(1001, 'Another tab has the connection now.')
  }

  send(text: string): void {
    if (!this.#isOver) this.#tell({ ...this.#address, type: 'text', text })
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#tell({ ...this.#address, type: 'closed', code, reason })
    this.#stop()
  }

  get #address() {
    return { to: this.#leader ?? '' }
  }

  #heard(message: LeaderMessage): void {
    if (this.#isOver || message.from !== (this.#leader ?? (message.type === 'opened' ? message.from : '')))
      return
    this.#misses = 0
    switch (message.type) {
      case 'opened':
        if (this.#leader !== undefined) return
        this.#leader = message.from
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
    else this.#tell({ ...this.#address, type: 'ping' })
    this.#wait(patienceMs)
  }

  #tell(message: TabMessage): void {
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
