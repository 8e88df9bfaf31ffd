import type { Connection, ConnectionHandler, OutgoingFrame, Timer } from '@parley/kernel'
import { closeCodes, ParleyError } from '@parley/protocol'
import type { LinkClock } from './link-clock.ts'
import type { Poll } from './poll.ts'

/** The way from the node to the client: a response that goes on, or answers to polls. */
export interface Downlink {
  readonly bufferedBytes: number
  readonly pauseMs?: number
  send(frame: OutgoingFrame): void
  cork(): void
  uncork(): void
  /** Tells the client that it is over, behind everything sent; `over` of the link follows. */
  end(code: number, reason: string): void
  /** Frees everything. */
  destroy(): void
  /** Where the client asks for what there is. */
  poll?(ack: number, waitMs: number, poll: Poll): void
  abandon?(poll: Poll): void
}

/** One that is polled. */
export type PolledDownlink = Downlink & Required<Pick<Downlink, 'poll' | 'abandon'>>

/** What all links of a node share. */
export interface LinkHome {
  /** How long a client has to take what is left when its link is closed, in ms. */
  readonly closeTimeoutMs: number
  readonly clock: LinkClock
  /** The link is gone. */
  gone(link: HttpLink): void
  /** The handler threw: a defect of ours, for which the link was closed. */
  failed(error: unknown): void
}

/** The answer to a message is put off for so long at most, while the node wants no more: less than clients wait for it. */
export const longestHoldMs = 8_000
/** Passed to the handler of a link that broke (RFC 6455 §7.1.5). */
const abnormalClosure = 1006

type State = 'open' | 'closing' | 'gone'

/**
 * One connection over HTTP, whatever carries its downlink: known by an id and a secret, with numbered messages from the
 * client that come in requests of their own.
 */
export class HttpLink implements Connection {
  readonly id: string
  readonly secret: string
  /** Set before anything happens. */
  downlink!: Downlink
  #handler: ConnectionHandler | undefined
  #state: State = 'open'
  /** Number of the newest message taken. */
  #taken = 0
  #end = { code: abnormalClosure, reason: '' }
  #timer: Timer | undefined
  /** The node wants no messages now. */
  #isPaused = false
  /** Ends the wait of the message that may be taken next. */
  #goOn: ((refusal?: ParleyError) => void) | undefined
  readonly #home: LinkHome

  constructor(id: string, secret: string, home: LinkHome) {
    this.id = id
    this.secret = secret
    this.#home = home
  }

  /** The node has accepted: `message` is the first thing it hears. */
  start(handler: ConnectionHandler, message: string): void {
    this.#handler = handler
    this.receive(message)
  }

  get bufferedBytes(): number {
    return this.#state === 'open' ? this.downlink.bufferedBytes : 0
  }

  get pauseMs(): number {
    return this.downlink.pauseMs ?? 0
  }

  send(frame: OutgoingFrame): void {
    if (this.#state === 'open') this.downlink.send(frame)
  }

  cork(): void {
    if (this.#state === 'open') this.downlink.cork()
  }

  uncork(): void {
    if (this.#state === 'open') this.downlink.uncork()
  }

  pause(): void {
    this.#isPaused = this.#state === 'open'
  }

  resume(): void {
    this.#isPaused = false
    this.#goOn?.()
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#end = { code, reason }
    this.resume()
    this.#timer = this.#home.clock.after(this.#home.closeTimeoutMs, () => this.over())
    this.downlink.end(code, reason)
  }

  /** Hands a message to the node. */
  receive(message: string): void {
    if (this.#state === 'open' && message !== '') this.#tell((handler) => handler.receive(message))
  }

  /**
   * Takes message number `seq` of the client, if it is the next one. One that was taken already changes nothing: its
   * answer was lost. While the node wants no more, a message waits; only a farewell does not.
   *
   * @throws ParleyError `bad_request` when messages before it are missing, `overloaded` when it has waited for long or was
   * repeated meanwhile, `disconnected` when the link has ended meanwhile
   */
  async take(
    seq: number,
    message: string,
    close: { readonly code: number; readonly reason: string } | undefined,
  ): Promise<void> {
    if (seq > this.#taken + 1)
      throw new ParleyError('bad_request', `Message ${this.#taken + 1} comes before message ${seq}.`, {
        details: { expected: this.#taken + 1 },
      })
    this.heard()
    if (this.#isPaused && close === undefined && seq > this.#taken) await this.#wait()
    if (seq <= this.#taken) return
    this.#taken = seq
    this.receive(message)
    if (close === undefined || this.#state !== 'open') return
    this.#end = close
    this.over()
  }

  #wait(): Promise<void> {
    this.#goOn?.(notNow('This message was sent once more.'))
    return new Promise((resolve, reject) => {
      const timer = this.#home.clock.after(longestHoldMs, () =>
        goOn(notNow('Read what waits for you first.')),
      )
      const goOn = (refusal?: ParleyError) => {
        timer.cancel()
        if (this.#goOn === goOn) this.#goOn = undefined
        if (refusal === undefined) resolve()
        else reject(refusal)
      }
      this.#goOn = goOn
    })
  }

  /** The client has shown that it is there. */
  heard(): void {
    if (this.#state === 'open') this.#tell((handler) => handler.heard?.())
  }

  farewell(code: number, reason: string): string {
    return closeLine(code, reason)
  }

  drained(): void {
    if (this.#state === 'open') this.#tell((handler) => handler.drained())
  }

  /** The downlink has ended or broken; or nobody waits for its end any more. */
  over(): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#timer?.cancel()
    this.#goOn?.(noSuchLink())
    this.downlink.destroy()
    this.#home.gone(this)
    const { code, reason } = this.#end
    this.#tell((handler) => handler.closed(code, reason))
  }

  #tell(what: (handler: ConnectionHandler) => void): void {
    if (this.#handler === undefined) return
    try {
      what(this.#handler)
    } catch (error) {
      this.#home.failed(error)
      this.close(closeCodes.internal, 'The server failed.')
    }
  }
}

function notNow(message: string): ParleyError {
  return new ParleyError('overloaded', message, { retryAfterMs: 1_000 })
}

/** Refused as a link that is not there (any more), wherever it was looked for. */
export function noSuchLink(): ParleyError {
  return new ParleyError('disconnected', 'There is no such link any more. Open a new one.')
}

/** The last line of a downlink. */
export function closeLine(code: number, reason: string): string {
  return JSON.stringify({ op: 'close', code, reason })
}
