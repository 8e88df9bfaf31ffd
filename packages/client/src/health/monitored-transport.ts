import { closeCodes } from '@parley/protocol'
import { type Clock, systemClock, type Timer } from '../platform.ts'
import type { ClientTransport, Link, LinkHandlers } from '../transport.ts'
import { LinkCounter, type LinkReading } from './link-reading.ts'

export interface MonitorOptions {
  /** How often a link is probed and read, in ms. Default 5,000. */
  readonly intervalMs?: number | undefined
  /**
   * A link that brings nothing for so long after a probe is given up, in ms, less than `intervalMs`. Default: never here;
   * the client does so by the server's pings.
   */
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly onRoundTrip?: ((ms: number) => void) | undefined
  readonly onReading?: ((reading: LinkReading) => void) | undefined
  /** A link has brought its first message; what was known is about another one. */
  readonly onLink?: (() => void) | undefined
  /** The link is over. */
  readonly onEnd?: (() => void) | undefined
}

const defaultIntervalMs = 5_000
const ping = '{"op":"ping"}'

/** A transport whose links are probed and watched; what passes over them is not changed. */
export function monitoredTransport(inner: ClientTransport, options: MonitorOptions = {}): ClientTransport {
  return {
    get name() {
      return inner.name
    },
    open: (url, handlers) => new MonitoredLink(inner, url, handlers, options),
  }
}

class MonitoredLink implements Link {
  readonly #handlers: LinkHandlers
  readonly #options: MonitorOptions
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #link: Link
  #counter: LinkCounter | undefined
  #timer: Timer | undefined
  #probedAt = 0
  #isOver = false

  constructor(inner: ClientTransport, url: string, handlers: LinkHandlers, options: MonitorOptions) {
    this.#handlers = handlers
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#intervalMs = options.intervalMs ?? defaultIntervalMs
    this.#link = inner.open(url, {
      opened: () => handlers.opened(),
      received: (text) => this.#received(text),
      closed: (code, reason) => {
        this.#end()
        handlers.closed(code, reason)
      },
    })
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes
  }

  send(text: string): void {
    this.#counter?.sent(text, this.#clock.elapsed())
    this.#link.send(text)
  }

  close(code: number, reason: string): void {
    this.#end()
    this.#link.close(code, reason)
  }

  #received(text: string): void {
    if (this.#counter === undefined) this.#begin()
    for (const ms of this.#counter?.received(text, this.#clock.elapsed()) ?? [])
      this.#options.onRoundTrip?.(ms)
    this.#handlers.received(text)
  }

  /** The first message: from here on the link is one of the server's. */
  #begin(): void {
    const now = this.#clock.elapsed()
    this.#counter = new LinkCounter(now)
    this.#options.onLink?.()
    // The handlers come first: who connects is answered before anything else is asked.
    this.#timer = this.#clock.after(0, () => this.#probe())
  }

  #probe(): void {
    if (this.#isOver) return
    const { timeoutMs } = this.#options
    this.#probedAt = this.#clock.elapsed()
    this.send(ping)
    if (timeoutMs === undefined || timeoutMs >= this.#intervalMs) this.#wait(this.#intervalMs, this.#tick)
    else this.#wait(timeoutMs, this.#check)
  }

  #wait(delayMs: number, run: (this: MonitoredLink, now: number, counter: LinkCounter) => void): void {
    const dueAt = this.#clock.elapsed() + delayMs
    const allowance = Math.max(this.#intervalMs, 1_000)
    this.#timer = this.#clock.after(delayMs, () => {
      const now = this.#clock.elapsed()
      const counter = this.#counter as LinkCounter
      // The device has slept, and its timers with it: what was not heard meanwhile says nothing.
      if (now - dueAt <= allowance) run.call(this, now, counter)
      else {
        counter.wake(now)
        this.#probe()
      }
    })
  }

  /** Has anything come since the server was asked? */
  #check(now: number, counter: LinkCounter): void {
    const askedMs = now - this.#probedAt
    const silenceMs = counter.silenceMs(now)
    if (silenceMs >= askedMs) this.#giveUp(silenceMs)
    else this.#wait(this.#intervalMs - askedMs, this.#tick)
  }

  #tick(now: number, counter: LinkCounter): void {
    this.#options.onReading?.(counter.read(now, this.bufferedBytes))
    this.#probe()
  }

  #giveUp(silenceMs: number): void {
    const reason = `Nothing came from the server for ${Math.round(silenceMs / 1_000)} s.`
    this.close(3000, 'silent')
    this.#handlers.closed(closeCodes.ping_timeout, reason)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.cancel()
    if (this.#counter !== undefined) this.#options.onEnd?.()
  }
}
