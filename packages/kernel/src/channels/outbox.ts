import { splitFrame } from '@parley/protocol'
import type { Limits } from '../limits.ts'
import type { Connection, OutgoingFrame } from '../ports/transport.ts'
import type { Channel } from './channel.ts'
import type { Fanout } from './fanout.ts'
import { LaneQueues, type Turn } from './lane-queues.ts'
import type { Member } from './member.ts'
import type { EncodedEvent } from './wire-text.ts'

/** What an outbox asks of the session and the hub around it. */
export interface OutboxOwner {
  /** Events after a position, from the log. */
  readLog(channel: Channel, after: number): Promise<readonly EncodedEvent[]>
  /** The member's position means nothing any more: the log has dropped what follows, or the stream is another one. */
  lost(member: Member, code: 'position_expired' | 'epoch_changed'): void
  /** The control lane is full. */
  overflowed(): void
  /** Replies have left, or there are fewer to come; see {@link Outbox.isAwaited}. */
  eased(): void
}

/** Replies are taken to be as long as this part of their bound until there was one. */
const firstReplyShare = 1 / 256

/**
 * What waits to be sent to one connection. Three ways out:
 *
 * - **live**: a batch goes straight to a connection that takes it;
 * - **control**: replies, heartbeats and verdicts, a bounded lane of their own, sent before the next batch; what asks for
 *   more of them is held back in time, so that nobody who reads is closed for the bound;
 * - **catch-up**: members that are behind read ring or log chunk by chunk, and queued ephemeral frames leave, whenever
 *   the connection has taken what it was given; lanes are served by weight.
 */
export class Outbox {
  // What every live write reads stands first: it shares a line of the processor's cache.
  connection: Connection | undefined
  #controlLength = 0
  /** How long replies are, in characters: rises at once and falls slowly. */
  #replyLength: number
  readonly #limits: Limits
  /** In the fan-out's list of outboxes with control frames. */
  dirty = false
  /** In the fan-out's list of outboxes to pump. */
  pumping = false
  /** Bytes that the connection held when it was last seen blocked; see `Fanout.checkStalled`. */
  blockedBytes = 0
  /** Elapsed time; never, while it is not blocked. */
  blockedSince = Number.POSITIVE_INFINITY
  /** Somebody waits for {@link hasRoomFor}: the owner is told whenever that may have changed. */
  isAwaited = false
  readonly #owner: OutboxOwner
  readonly #fanout: Fanout
  #control: string[] = []
  #waiting: LaneQueues | undefined
  #reading = false

  constructor(owner: OutboxOwner, fanout: Fanout, limits: Limits) {
    this.#owner = owner
    this.#fanout = fanout
    this.#limits = limits
    this.#replyLength = Math.ceil(limits.maxControlBytes * firstReplyShare)
  }

  get isBlocked(): boolean {
    const { connection } = this
    return connection === undefined || connection.bufferedBytes > this.#limits.highWaterBytes
  }

  /** Bytes that wait for the network, in the connection or for it. */
  get queuedBytes(): number {
    return (this.connection?.bufferedBytes ?? 0) + (this.#waiting?.queuedBytes ?? 0)
  }

  /** Replies and verdicts that wait, in characters. */
  get controlLength(): number {
    return this.#controlLength
  }

  /** Whether so many replies, as long as the last ones were, leave half of the control lane free. */
  hasRoomFor(replies: number): boolean {
    return this.#controlLength + replies * this.#replyLength <= this.#limits.maxControlBytes / 2
  }

  /** Fewer replies are to come: has the owner told at the end of the turn, if that is awaited. */
  easeLater(): void {
    if (this.isAwaited && !this.dirty) this.#fanout.flushLater(this)
  }

  /** Writes a live frame, after the control frames that wait. Answers false when the connection cannot take it now. */
  write(frame: OutgoingFrame): boolean {
    if (!this.writeShared(frame)) return false
    this.#fanout.sent += frame.text.length
    return true
  }

  /** As `write`, for a frame to many: whoever writes it counts what it comes to, once for all. */
  writeShared(frame: OutgoingFrame): boolean {
    const { connection } = this
    if (connection === undefined || connection.bufferedBytes > this.#limits.highWaterBytes) return false
    if (this.#controlLength === 0) {
      connection.send(frame)
      return true
    }
    connection.cork()
    this.#sendControl(connection)
    connection.send(frame)
    connection.uncork()
    return true
  }

  #send(connection: Connection, frame: OutgoingFrame): void {
    this.#fanout.sent += frame.text.length
    connection.send(frame)
  }

  /** Queues a control frame; it leaves at the end of the turn at the latest. */
  control(text: string): void {
    if (this.connection === undefined) return
    this.#control.push(text)
    this.#controlLength += text.length
    this.#replyLength = Math.max(text.length, this.#replyLength - (this.#replyLength >> 4))
    if (this.#controlLength > this.#limits.maxControlBytes) {
      if (this.isBlocked) this.#owner.overflowed()
      else this.flush()
      this.easeLater()
      return
    }
    if (!this.dirty) this.#fanout.flushLater(this)
  }

  /** Sends what waits, and has the owner told. */
  endTurn(): void {
    this.flush()
    if (this.isAwaited) this.#owner.eased()
  }

  /** Sends the control frames that wait, if the connection takes them. */
  flush(): void {
    const { connection } = this
    if (connection === undefined || this.#control.length === 0) return
    if (this.isBlocked) this.#fanout.blocked(this)
    else this.#sendControl(connection)
  }

  #sendControl(connection: Connection): void {
    const { maxFrameBytes } = this.#limits
    let message = ''
    for (const text of this.#control) {
      if (message !== '' && message.length + text.length > maxFrameBytes) {
        this.#send(connection, { text: message })
        message = ''
      }
      if (text.length > maxFrameBytes) {
        for (const chunk of splitFrame(text, maxFrameBytes))
          this.#send(connection, { text: JSON.stringify(chunk) })
      } else message = message === '' ? text : `${message}\n${text}`
    }
    if (message !== '') this.#send(connection, { text: message })
    this.#control = []
    this.#controlLength = 0
  }

  /** The member gets no live frames until it has caught up. */
  fallBehind(member: Member): void {
    member.behind = true
    this.#lanes().behind(member)
    this.#resume()
  }

  fallBehindInState(member: Member): void {
    if (member.stateBehind) return
    member.stateBehind = true
    this.#lanes().behindInState(member)
    this.#resume()
  }

  /** True when frames of this kind must queue to stay in order. */
  get hasQueue(): boolean {
    return this.#waiting?.hasQueue === true
  }

  /** Queues a frame of a kind without a log; the oldest are shed at the bound, and the client is told. */
  enqueue(
    member: Member,
    frame: OutgoingFrame,
    range: { readonly prev: number; readonly position: number },
  ): void {
    const queued = { member, frame, from: range.prev, to: range.position }
    this.#lanes().enqueue(queued, this.#limits.maxQueuedBytes)
    this.#resume()
  }

  lost(member: Member, code: 'position_expired' | 'epoch_changed'): void {
    this.#owner.lost(member, code)
  }

  /** Keeps everything from a member until {@link release}: whether it may go on reading is being asked. */
  hold(member: Member): void {
    member.holds += 1
    if (member.holds > 1) return
    member.behind = true
    member.stateBehind = member.readsState
    member.position = this.#waiting?.drop(member) ?? member.position
  }

  /** It may: it catches up, or is told what it missed where nothing is kept. */
  release(member: Member): void {
    const { channel } = member
    member.holds -= 1
    if (member.holds > 0 || member.left) return
    if (member.stateBehind) this.#lanes().behindInState(member)
    if (channel.kind.durability !== 'ephemeral') {
      this.fallBehind(member)
      return
    }
    this.#fanout.seal(channel)
    if (member.position < channel.sealed) {
      this.#fanout.onShed(channel.kind.lane, 'access_check', 1)
      this.#lanes().shed(member, member.position, channel.sealed)
    }
    member.position = channel.sealed
    this.#goLive(member)
    this.#resume()
  }

  /** Has the connection closed when it accepts nothing for too long. */
  watch(): void {
    this.#fanout.blocked(this)
  }

  /** The other side reads, however long the connection has accepted nothing. */
  progressed(): void {
    this.#fanout.progressed(this)
  }

  /** Forgets what waits for a member that has left. */
  drop(member: Member): void {
    this.#waiting?.drop(member)
  }

  /** The connection has taken all it was given. */
  drained(): void {
    this.#fanout.unblocked(this)
    this.endTurn()
    if (this.#waiting?.isEmpty === false) this.#fanout.pumpLater(this)
  }

  detach(): void {
    this.connection = undefined
    this.isAwaited = false
    this.#control = []
    this.#controlLength = 0
    this.#waiting = undefined
    this.#reading = false
    this.#fanout.unblocked(this)
  }

  /** One piece of catch-up. Answers whether there is more that could go out now. */
  pump(): boolean {
    const waiting = this.#waiting
    if (waiting === undefined || this.#reading || waiting.isEmpty) return false
    if (this.isBlocked) {
      this.#fanout.blocked(this)
      return false
    }
    const turn = waiting.next()
    if (turn === undefined) return false
    this.#take(turn)
    return !this.#reading && !waiting.isEmpty
  }

  #take(turn: Turn): void {
    if (turn.what === 'frame') this.write(turn.queued.frame)
    else if (turn.what === 'state') this.#catchUpState(turn.member)
    else if (turn.what === 'dropped') this.#tellDropped(turn.member)
    else this.#catchUp(turn.member)
  }

  #tellDropped(member: Member): void {
    const { nameText } = member.channel
    const { from, to } = member.dropped as { from: number; to: number }
    member.dropped = undefined
    this.control(`{"op":"dropped","channel":${nameText},"from":${from},"to":${to},"reason":"slow_consumer"}`)
  }

  #catchUpState(member: Member): void {
    member.stateBehind = false
    this.#fanout.sendState(member)
  }

  #catchUp(member: Member): void {
    const { channel } = member
    if (member.position >= channel.sealed) {
      this.#goLive(member)
      return
    }
    const { replay } = member.filterClass
    if (replay?.from === member.position) {
      this.#sendReplay(member, replay)
      return
    }
    const events = channel.recent(member.position)
    if (events === undefined || events.length === 0) void this.#readLog(member)
    else this.#replay(member, events)
  }

  /** The class may stand behind where nothing matched: it is told its position first, so that all are in step. */
  #goLive(member: Member): void {
    const { channel, filterClass } = member
    this.#fanout.sync(channel, filterClass)
    member.behind = false
    this.#waiting?.caughtUp(member)
  }

  #replay(member: Member, events: readonly EncodedEvent[]): void {
    const { channel, filterClass, position } = member
    const inOrder = events[0]?.stored.offset === position + 1
    if (!inOrder) {
      this.#owner.lost(member, 'position_expired')
      return
    }
    const to = (events.at(-1) as EncodedEvent).stored.offset
    const matching = filterClass.matching(events)
    const replay = {
      from: position,
      to,
      frame: channel.frame(position, to, matching),
      events: matching.length,
    }
    filterClass.replay = replay
    this.#sendReplay(member, replay)
  }

  #sendReplay(
    member: Member,
    replay: { readonly to: number; readonly frame: OutgoingFrame; readonly events: number },
  ): void {
    if (!this.write(replay.frame)) return
    member.position = replay.to
    this.#fanout.counted(replay.events, 'catch_up')
    if (member.position >= member.channel.sealed) this.#goLive(member)
  }

  async #readLog(member: Member): Promise<void> {
    const { channel } = member
    const { epoch, sealed, redactions } = channel
    const { position } = member
    const waiting = this.#waiting
    this.#reading = true
    const events = await this.#owner.readLog(channel, position).catch(() => undefined)
    // Another connection has taken the place of the one that the events were read for.
    if (this.#waiting !== waiting) return
    this.#reading = false
    if (events === undefined) {
      // The log is out of reach: its own status says so.
      this.#fanout.retryLater(this)
      return
    }
    const isWanted = !member.left && member.holds === 0 && member.position === position
    // What was redacted meanwhile is read once more.
    if (isWanted && channel.epoch === epoch && channel.redactions === redactions)
      this.#replayRead(
        member,
        events.filter((entry) => entry.stored.offset <= sealed),
      )
    this.#resume()
  }

  #replayRead(member: Member, events: readonly EncodedEvent[]): void {
    const { replay } = member.filterClass
    if (replay?.from === member.position) this.#sendReplay(member, replay)
    else if (events.length === 0) this.#owner.lost(member, 'position_expired')
    else this.#replay(member, events)
  }

  #lanes(): LaneQueues {
    this.#waiting ??= new LaneQueues(this.#fanout.onShed)
    return this.#waiting
  }

  #resume(): void {
    if (this.#waiting?.isEmpty !== false) return
    if (this.isBlocked) this.#fanout.blocked(this)
    else this.#fanout.pumpLater(this)
  }
}
