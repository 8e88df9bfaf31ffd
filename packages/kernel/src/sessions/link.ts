import {
  ChunkAssembly,
  type ChunkFrame,
  type ClientFrame,
  type CloseReason,
  type ConnectFrame,
  closeCodes,
  type Decoded,
  decodeClientMessage,
  negotiateVersion,
  ParleyError,
  type PingFrame,
} from '@parley/protocol'
import type { Fenced, Fences } from '../commands/fences.ts'
import type { Lane } from '../kind.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Connection, ConnectionHandler, Handshake } from '../ports/transport.ts'
import {
  abnormalClosure,
  type Closure,
  closeReasonOf,
  closureOf,
  endOf,
  normalClosure,
  overloadedError,
} from './ends.ts'
import { idOf } from './frame-id.ts'
import { FrameRate, tooManyFrames } from './frame-rate.ts'
import { Heartbeat } from './heartbeat.ts'
import { HeldFrames } from './held-frames.ts'
import type { IntakeTarget } from './intake.ts'
import { LinkHealth } from './link-health.ts'
import type { LinkServices } from './link-services.ts'
import type { Session } from './session.ts'
import type { Wakeable } from './timer-wheel.ts'

type Phase = 'new' | 'connecting' | 'open' | 'closed'

/** Frames and messages of one connection that wait; with as many it is not read from until half of them are carried out. */
const maxWaiting = 64

/**
 * One connection, from its first byte to its close: decoding, rates, the connect handshake, heartbeat and token expiry.
 * What frames mean is the session's business.
 */
export class Link implements ConnectionHandler, IntakeTarget, Wakeable, Fenced {
  readonly connection: Connection
  readonly handshake: Handshake
  /** When it was accepted, in ms since 1970. */
  readonly since: number
  /** Begins when the link is open. */
  health: LinkHealth | undefined
  session: Session | undefined
  /** Why it is closed. */
  closure: Closure | undefined
  wakeAt: number | undefined
  dueTick: number | undefined
  waiting = 0
  isEnding = false
  fences: Fences | undefined
  #phase: Phase = 'new'
  /** What was sent before the connect frame was looked at still waits. */
  #isEarly = false
  /** It is not being read from. */
  #isPaused = false
  /** Begins when the link is open. */
  #heartbeat: Heartbeat | undefined
  /** There was a frame that is more than a sign of life, since the last beat. */
  #spoke = false
  #badFrames = 0
  #saidExpiring = false
  #rate: FrameRate | undefined
  #assembly: ChunkAssembly | undefined
  /** There while something waits for the reply to `connect`, or for room for its own reply. */
  #held: HeldFrames | undefined
  readonly #services: LinkServices

  constructor(services: LinkServices, connection: Connection, handshake: Handshake) {
    this.#services = services
    this.connection = connection
    this.handshake = handshake
    this.since = services.clock.now()
    this.wakeAt = services.clock.elapsed() + services.limits.connectTimeoutMs
    services.wheel.add(this)
  }

  /** How often the client is asked whether it is there. */
  get pingIntervalMs(): number {
    return this.#heartbeat?.intervalMs ?? this.#services.limits.pingIntervalMs
  }

  receive(text: string): void {
    this.#heartbeat?.heard()
    this.health?.heard(this.#services.clock)
    this.session?.tap?.received(text)
    if (this.#phase === 'closed') return
    this.#services.intake.take(this, text)
    this.#holdBack()
  }

  read(text: string): void {
    const frames = decodeClientMessage(text)
    const length = Math.ceil(text.length / Math.max(frames.length, 1))
    for (const decoded of frames) {
      // A frame may have closed the link.
      if ((this.#phase as Phase) === 'closed') return
      this.#services.onFrame(length)
      this.#take(decoded, length)
    }
    this.#holdBack()
  }

  #take(decoded: Decoded, length: number): void {
    this.health?.took()
    if (this.#isFlooded(decoded)) return
    if ('failure' in decoded) {
      this.#badFrame(decoded.failure.id, new ParleyError('bad_frame', decoded.failure.problem))
      return
    }
    const { frame } = decoded
    if (frame.op === 'ping') this.#answerPing(frame)
    else if (frame.op === 'chunk' && (this.#phase !== 'new' || this.waiting > 0)) this.#assemble(frame)
    else if (frame.op !== 'pong') this.#services.intake.receive(this, frame, length)
  }

  #answerPing({ pingIntervalMs: wishMs }: PingFrame): void {
    if (wishMs === undefined || this.#heartbeat === undefined) return this.reply('{"op":"pong"}')
    const now = this.#services.clock.elapsed()
    this.#heartbeat.pace(wishMs, now)
    this.reply(`{"op":"pong","pingIntervalMs":${this.pingIntervalMs}}`)
    this.#wakeAtNextDeadline(now)
  }

  #isFlooded(decoded: Decoded): boolean {
    const { clock, drops, rate } = this.#services
    if (rate.perSecond === 0 || !this.#services.isRateLimited()) return false
    this.#rate ??= new FrameRate(rate, clock.elapsed())
    const waitMs = this.#rate.take(decoded, clock.elapsed())
    if (waitMs === 0) return false
    drops.add({ what: 'request', reason: 'rate_limited' })
    if (this.#rate.isFlood) this.close('rate_limited')
    else if ('frame' in decoded) this.#refuseFrame(decoded.frame, tooManyFrames(waitMs))
    else if (decoded.failure.id !== undefined) this.refuse(decoded.failure.id, tooManyFrames(waitMs))
    return true
  }

  #assemble(chunk: ChunkFrame): void {
    this.#assembly ??= new ChunkAssembly(this.#services.limits.maxAssembledBytes)
    const assembly = this.#assembly.add(chunk)
    if (assembly.status === 'refused')
      this.#badFrame(undefined, new ParleyError('bad_frame', assembly.problem))
    if (assembly.status !== 'whole') return
    for (const decoded of decodeClientMessage(assembly.text)) {
      if ('frame' in decoded && decoded.frame.op === 'chunk')
        this.#badFrame(undefined, new ParleyError('bad_frame', 'Chunks do not hold chunks.'))
      else this.#take(decoded, assembly.text.length)
    }
  }

  /** Who connects comes first, and what a client sends behind that waits with it. */
  laneOf(frame: ClientFrame): Lane {
    if (this.#phase === 'new') this.#isEarly = true
    else if (this.waiting === 0) this.#isEarly = false
    return this.#isEarly ? 'critical' : this.#services.laneOf(frame)
  }

  refused(frame: ClientFrame): void {
    this.#refuseFrame(frame, overloadedError(this.#services.clock.random()))
  }

  /** Reads no further while much of it waits, or its replies do: what it sends now would wait too, in front of others. */
  #holdBack(): void {
    const most = this.#isPaused ? maxWaiting / 2 : maxWaiting - 1
    const isPaused = this.waiting > most || this.session?.outbox.isAwaited === true
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.connection.pause?.()
    else this.connection.resume?.()
  }

  handle(frame: ClientFrame, length: number): void {
    this.#holdBack()
    if (this.#phase === 'closed') return
    if (frame.op === 'connect') this.#connect(frame)
    else if (this.#phase !== 'new') this.#handleInTurn(frame, length)
    else
      this.#badFrame(
        idOf(frame),
        new ParleyError('unauthenticated', 'The first frame of a connection is `connect`.'),
      )
  }

  /** Who does not take replies asks for no more of them; what is held goes on when there is room. */
  #handleInTurn(frame: ClientFrame, length: number): void {
    const { session } = this
    if (session !== undefined && this.#held === undefined && session.hasRoom) {
      this.#handle(session, frame)
      return
    }
    this.#held ??= new HeldFrames(this.#services.limits.maxAssembledBytes)
    if (!this.#held.add(frame, length)) this.refused(frame)
    if (session === undefined) return
    session.outbox.isAwaited = true
    this.#holdBack()
  }

  #handle(session: Session, frame: ClientFrame): void {
    // A new token comes by itself; all else somebody or something has done.
    if (frame.op !== 'refresh') this.#spoke = true
    this.#services.handle(session, frame)
  }

  /** Carries out what is held: as far as there is room for the replies, or all if nobody is there for them any more. */
  goOn(isLast = false): void {
    const session = this.session as Session
    const may = () => isLast || (this.#phase === 'open' && session.hasRoom)
    const isDone = this.#held?.carryOut(may, (frame) => this.#handle(session, frame)) !== false
    session.outbox.isAwaited = !isDone && this.#phase === 'open'
    if (isDone) this.#held = undefined
    this.#holdBack()
  }

  #connect(frame: ConnectFrame): void {
    if (this.#phase !== 'new') {
      this.#badFrame(frame.id, new ParleyError('bad_request', 'This connection is connected already.'))
      return
    }
    this.#phase = 'connecting'
    const version = negotiateVersion(frame.versions ?? [1])
    if (version === undefined) {
      this.refuse(frame.id, new ParleyError('unsupported_version'))
      this.close('unsupported_version')
      return
    }
    void this.#authenticate(frame)
  }

  async #authenticate(frame: ConnectFrame): Promise<void> {
    try {
      const token = frame.token ?? this.handshake.token
      const identity = this.handshake.identity ?? (await this.#services.authenticate(token))
      if (this.#phase !== 'connecting') return
      this.#open(frame, identity)
    } catch (error) {
      const refusal = error instanceof ParleyError ? error : new ParleyError('internal')
      this.refuse(frame.id, refusal)
      this.close(closeReasonOf(refusal))
    }
  }

  #open(frame: ConnectFrame, identity: Identity): void {
    const { clock, limits } = this.#services
    const { session, resumed } = this.#services.open(this, identity, frame)
    this.session = session
    this.health = new LinkHealth()
    this.#phase = 'open'
    const now = clock.elapsed()
    this.#heartbeat = new Heartbeat(limits, now, clock.random(), frame.pingIntervalMs)
    session.outbox.control(
      JSON.stringify({ op: 'reply', id: frame.id, ok: this.#services.welcome(this, session, resumed) }),
    )
    this.#wakeAtNextDeadline(now)
    if (frame.topics !== undefined) this.#services.follow(session, frame.topics)
    this.goOn()
  }

  #badFrame(id: number | undefined, error: ParleyError): void {
    this.#badFrames += 1
    this.health?.refuse()
    if (id === undefined) this.reply(JSON.stringify({ op: 'error', error: error.toBody() }))
    else this.refuse(id, error)
    if (this.#badFrames >= this.#services.limits.maxBadFrames) this.close('too_many_errors')
  }

  #refuseFrame(frame: ClientFrame, error: ParleyError): void {
    this.health?.refuse()
    if ('id' in frame) this.reply(this.#services.refusalOf(this, frame, error))
  }

  refuse(id: number, error: ParleyError): void {
    this.reply(JSON.stringify({ op: 'reply', id, error: error.toBody() }))
  }

  /** Sends a control frame; before the session exists straight to the connection. */
  reply(text: string): void {
    if (this.#phase === 'closed') return
    if (this.session !== undefined) this.session.outbox.control(text)
    else this.connection.send({ text })
  }

  /** Closes the connection; what waits in the control lane goes out first. */
  close(reason: CloseReason): void {
    if (this.#phase === 'closed') return
    this.#held = undefined
    this.session?.outbox.flush()
    this.#phase = 'closed'
    this.wakeAt = undefined
    this.closure = { code: closeCodes[reason], reason, by: 'server' }
    this.connection.close(closeCodes[reason], reason)
    this.#services.closed(this, false, reason)
  }

  drained(): void {
    if (this.session?.link === this) this.session.outbox.drained()
  }

  heard(): void {
    this.#heartbeat?.heard()
    this.health?.heard(this.#services.clock)
    if (this.session?.link === this) this.session.outbox.progressed()
  }

  inTurn(run: () => void): void {
    this.#services.inTurn(run)
  }

  closed(code: number, reason: string): void {
    this.closure ??= closureOf(code, reason)
    this.#services.intake.end(this)
  }

  ended(): void {
    if (this.#phase === 'closed') return
    if (this.session !== undefined) this.goOn(true)
    this.#phase = 'closed'
    this.wakeAt = undefined
    const { code } = this.closure ?? closureOf(abnormalClosure, '')
    this.#services.closed(this, code === normalClosure, endOf(code))
  }

  /** A new token was accepted. */
  refreshed(): void {
    this.#saidExpiring = false
    this.#wakeAtNextDeadline(this.#services.clock.elapsed())
  }

  wake(): void {
    if (this.#phase === 'closed') return
    const { session } = this
    if (session === undefined || this.#heartbeat === undefined) {
      this.close('connect_timeout')
      return
    }
    const now = this.#services.clock.elapsed()
    if (now >= this.#heartbeat.at) {
      if (this.#isSilent(this.#heartbeat)) {
        this.close('ping_timeout')
        return
      }
      this.#beat(session, this.#heartbeat, now)
      if (this.#spoke) session.activeAt = now
      this.#spoke = false
    }
    this.#wakeAtNextDeadline(now)
  }

  #wakeAtNextDeadline(now: number): void {
    const expiryMs = this.#expiry()
    if (this.#phase === 'closed') return
    this.wakeAt = Math.min(this.#heartbeat?.at ?? now, now + expiryMs)
    this.#services.wheel.add(this)
  }

  /** The network took the ping, and nothing came since. */
  #isSilent(heartbeat: Heartbeat): boolean {
    if (!heartbeat.isUnanswered || this.#isPaused) return false
    if (this.connection.bufferedBytes === 0) return true
    // The client may not have seen the ping yet: it is judged by whether it takes anything at all.
    this.session?.outbox.watch()
    return false
  }

  #beat({ outbox }: Session, heartbeat: Heartbeat, now: number): void {
    const beat = heartbeat.beat(now, outbox.isBlocked, this.connection.pauseMs ?? 0)
    if (beat === 'blocked') outbox.watch()
    else if (beat === 'rest') this.health?.timedOut()
    else {
      this.health?.pinged(now)
      this.reply('{"op":"ping"}')
    }
  }

  /** Milliseconds until the token's expiry wants attention. */
  #expiry(): number {
    const { clock, limits } = this.#services
    const expiresAt = this.session?.identity.expiresAt
    if (expiresAt === undefined) return Number.POSITIVE_INFINITY
    const leftMs = expiresAt - clock.now()
    if (leftMs > 0) return Math.max(leftMs, 250)
    const graceLeftMs = leftMs + limits.tokenGraceMs
    if (graceLeftMs <= 0) {
      this.reply(JSON.stringify({ op: 'error', error: new ParleyError('token_expired').toBody() }))
      this.close('token_expired')
      return Number.POSITIVE_INFINITY
    }
    if (!this.#saidExpiring) this.reply(`{"op":"expiring","inMs":${Math.round(graceLeftMs)}}`)
    this.#saidExpiring = true
    return Math.max(graceLeftMs, 250)
  }
}
