import type { Channel, Gap } from '../channels/channel.ts'
import type { Hub } from '../channels/hub.ts'
import type { Clock } from '../ports/clock.ts'
import type { StoredEvent, Top } from '../ports/event-log.ts'
import type { Logger } from '../ports/logger.ts'

export interface ArrivalsParts {
  readonly hub: Hub
  readonly clock: Clock
  readonly log: Logger
  /** Events read from a log at once. */
  readonly readEvents: number
  /** Told of each reading of a log to close a gap. */
  readonly onRead: () => void
}

/** How long is waited for what is on its way before the log is asked. */
const waitMs = 50
/** Events held in a gap; of more it is known only that they are there. */
const maxHeld = 512
/** Times that a log is asked in vain, with growing pauses; then the next event, or the next check, finds the gap. */
const maxAttempts = 10
/** Logs read at once: after a long silence, all channels may have missed something. */
const maxReadings = 32

/** Brings the events of open channels in order: those that came too early wait, those that do not come are read. */
export class Arrivals {
  readonly #parts: ArrivalsParts
  #isStopped = false
  /** Readings under way, and those that wait for their turn. */
  #readings = 0
  readonly #turns: (() => void)[] = []

  constructor(parts: ArrivalsParts) {
    this.#parts = parts
  }

  /**
   * Events up to `head` are stored; those given do not follow what the channel has. `isUrgent`: no announcement brings
   * the others, so that the log is read at once.
   */
  missing(channel: Channel, events: readonly StoredEvent[], head: number, isUrgent: boolean): void {
    if (this.#isStopped) return
    channel.gap ??= { held: new Map(), head, timer: undefined, isReading: false, waiting: [] }
    const { gap } = channel
    gap.head = Math.max(gap.head, head)
    for (const event of events) if (gap.held.size < maxHeld) gap.held.set(event.offset, event)
    if (gap.isReading) return
    if (isUrgent) {
      gap.timer?.cancel()
      void this.#read(channel, gap)
    } else gap.timer ??= this.#parts.clock.after(waitMs, () => void this.#read(channel, gap))
  }

  /** Has the channel catch up with its log as far as `head`; fulfilled when it has, or when that cannot be done. */
  reached(channel: Channel, head: number): Promise<void> {
    this.missing(channel, [], head, true)
    return new Promise((resolve) => {
      if (channel.gap === undefined) resolve()
      else channel.gap.waiting.push(resolve)
    })
  }

  /** The channel has got events: those that follow them are taken in. */
  advanced(channel: Channel): void {
    const { gap } = channel
    if (gap === undefined) return
    const following: StoredEvent[] = []
    for (let offset = channel.head + 1; ; offset++) {
      const event = gap.held.get(offset)
      if (event === undefined) break
      following.push(event)
    }
    if (following.length > 0) this.#parts.hub.fill(channel, following)
    for (const offset of gap.held.keys()) if (offset <= channel.head) gap.held.delete(offset)
    if (gap.head <= channel.head) this.forget(channel)
  }

  /** Nothing is waited for in a channel any more. */
  forget(channel: Channel): void {
    const { gap } = channel
    if (gap === undefined) return
    channel.gap = undefined
    gap.timer?.cancel()
    for (const resume of gap.waiting) resume()
  }

  stop(): void {
    this.#isStopped = true
    for (const channel of this.#parts.hub.channels()) this.forget(channel)
  }

  async #read(channel: Channel, gap: Gap): Promise<void> {
    gap.timer = undefined
    gap.isReading = true
    const { clock, log } = this.#parts
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const { head } = channel
      await this.#inTurn(() => this.#readOnce(channel, gap))
      if (channel.gap !== gap) return
      if (channel.head > head) {
        attempt = 0
        continue
      }
      const pauseMs = waitMs * 2 ** attempt * (0.5 + clock.random())
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
      if (channel.gap !== gap) return
    }
    const { app, name, head } = channel
    log.warn('Events that were announced could not be read from the log.', { app, channel: name, head })
    this.forget(channel)
  }

  async #inTurn(read: () => Promise<void>): Promise<void> {
    if (this.#readings >= maxReadings) await new Promise<void>((resolve) => this.#turns.push(resolve))
    this.#readings += 1
    await read().finally(() => {
      this.#readings -= 1
      this.#turns.shift()?.()
    })
  }

  /** Reads what is missing, as far as one reading goes. */
  async #readOnce(channel: Channel, gap: Gap): Promise<void> {
    if (channel.gap !== gap) return
    const { hub, readEvents, onRead } = this.#parts
    const { head, epoch } = channel
    // Of many events only the members have use: they read them at their own pace.
    if (gap.head - head > readEvents) {
      hub.skipTo(channel, gap.head)
      this.advanced(channel)
      return
    }
    onRead()
    const events = await hub.read(channel, { after: head, limit: readEvents }).catch(() => undefined)
    // What belongs to another stream is read once more. What was redacted meanwhile the channel knows.
    if (events === undefined || channel.gap !== gap || channel.epoch !== epoch) return
    // What was stored later may follow access changes that are not applied.
    const known = events.filter(({ offset }) => offset > channel.head && offset <= gap.head)
    if (known.length > 0) hub.fill(channel, known)
    else await this.#skipTrimmed(channel, gap)
    this.advanced(channel)
  }

  /** Where retention was faster, there is nothing to read. */
  async #skipTrimmed(channel: Channel, gap: Gap): Promise<void> {
    const { hub } = this.#parts
    const tops = await hub
      .log(channel.kind)
      ?.tops(channel.app, [channel.name])
      .catch(() => undefined)
    const top: Top | undefined = tops?.[0]
    if (top === undefined || channel.gap !== gap || top.epoch !== channel.epoch) return
    if (top.first > channel.head + 1) hub.skipTo(channel, Math.min(top.first - 1, gap.head))
  }
}
