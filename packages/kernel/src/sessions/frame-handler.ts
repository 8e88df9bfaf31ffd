import {
  type CallFrame,
  type ClientFrame,
  ParleyError,
  type ReadStateFrame,
  type RefreshFrame,
  type SetStateFrame,
  type SubscribeFrame,
  type UnsubscribeFrame,
} from '@parley/protocol'
import type { Permissions } from '../access/permissions.ts'
import type { Channel } from '../channels/channel.ts'
import { presenceName } from '../channels/occupancy.ts'
import type { Subscribing } from '../channels/subscribing.ts'
import type { Dispatch } from '../commands/dispatch.ts'
import { type Fenced, Fences } from '../commands/fences.ts'
import { traceContext } from '../inspection/spans.ts'
import type { Kinds, Lane } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Registry } from '../registry.ts'
import type { Session } from './session.ts'

export interface FrameHandlerParts {
  readonly registry: Registry
  readonly kinds: Kinds
  readonly dispatch: Dispatch
  readonly subscribing: Subscribing
  readonly permissions: Permissions
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Logger
  readonly authenticate: (token: string) => Promise<Identity>
  /** Gives the session a new identity, and ends what that does not allow. */
  readonly refresh: (session: Session, identity: Identity) => Promise<void>
}

/** Stands for "the reply is queued already, or there is nobody to get it". */
const answered = Symbol('answered')
/** Refreshes are carried out in their order too; no channel has this name. */
const refreshLane = ''

/** Carries out what a connected client asks for. Frames about one channel are carried out in the order they came. */
export class FrameHandler {
  readonly #parts: FrameHandlerParts

  constructor(parts: FrameHandlerParts) {
    this.#parts = parts
  }

  /**
   * The lane in which a frame waits when there is more to do than there is time: that of the channel by which it is
   * ordered, so that frames that must not overtake each other wait in the same. Signs of life and tokens come first.
   */
  laneOf(frame: ClientFrame): Lane {
    switch (frame.op) {
      case 'call':
        return this.#parts.kinds.laneOf(this.#parts.registry.orderKey(frame.command, frame.input) ?? '')
      case 'subscribe':
      case 'unsubscribe':
      case 'set':
      case 'state':
        return this.#parts.kinds.laneOf(frame.channel)
      case 'chunk':
        return 'normal'
      default:
        return 'critical'
    }
  }

  /** The reply to a request that is refused. What was sent behind a call is held back until its client knows. */
  refusalOf(at: Fenced, frame: ClientFrame & { readonly id: number }, error: ParleyError): string {
    const { id } = frame
    const reply = { op: 'reply', id, error: error.toBody() }
    if (frame.op !== 'call' || frame.fence === undefined || !error.retryable) return JSON.stringify(reply)
    at.fences ??= new Fences()
    const key = this.#parts.registry.orderKey(frame.command, frame.input) ?? ''
    return JSON.stringify({ ...reply, fence: at.fences.raise(key, { id, heard: frame.fence }, error) })
  }

  handle(session: Session, frame: ClientFrame): void {
    switch (frame.op) {
      case 'call':
        this.#call(session, frame)
        break
      case 'subscribe':
        this.#inOrder(session, frame, () => this.#subscribe(session, frame))
        break
      case 'unsubscribe':
        this.#inOrder(session, frame, () => this.#unsubscribe(session, frame))
        break
      case 'set':
        this.#inOrder(session, frame, () => this.#set(session, frame))
        break
      case 'state':
        this.#inOrder(session, frame, () => this.#state(session, frame))
        break
      case 'refresh':
        this.#inOrder(session, frame, () => this.#refresh(session, frame))
        break
      default:
    }
  }

  #call(session: Session, frame: CallFrame): void {
    const { generation, link } = session
    const at = link as Fenced
    if (session.callsInFlight >= this.#parts.limits.maxCallsInFlight) {
      session.outbox.control(this.refusalOf(at, frame, tooMany('calls', session.callsInFlight)))
      return
    }
    session.callsInFlight += 1
    const caller = {
      identity: session.identity,
      session: session.id,
      ip: link?.handshake.ip,
      requestId: `${session.id}-${generation}-${frame.id}`,
      traceparent: traceContext(frame.traceparent),
      lanes: session.lanes,
      uncommitted: session.uncommitted,
      place: frame.fence === undefined ? undefined : { at, id: frame.id, heard: frame.fence },
    }
    this.#parts.dispatch.execute(caller, frame, (error, output) => {
      session.callsInFlight -= 1
      // Also where nobody is told any more: what the same connection sent behind it may still wait for its turn.
      const refusal = error === undefined ? undefined : this.refusalOf(at, frame, error)
      // An answer for an earlier connection would meet another call of the same id.
      if (session.generation !== generation) session.outbox.easeLater()
      else if (refusal === undefined) this.#answer(session, frame.id, output)
      else session.outbox.control(refusal)
    })
  }

  #answer(session: Session, id: number, output: unknown): void {
    try {
      reply(session, id, output)
    } catch (error) {
      // The output is no JSON: what the command did stands.
      refuse(session, id, this.#asParleyError(error, session))
    }
  }

  /** Runs after the earlier frames about the same channel; errors become the reply. */
  #inOrder(
    session: Session,
    frame: { readonly id: number; readonly channel?: string },
    run: () => unknown,
  ): void {
    if (session.requestsInFlight >= this.#parts.limits.maxRequestsInFlight) {
      refuse(session, frame.id, tooMany('requests', session.requestsInFlight))
      return
    }
    const { generation } = session
    // On another connection the number of this request belongs to another one.
    const isCurrent = () => session.generation === generation && session.link !== undefined
    session.requestsInFlight += 1
    session.lanes.run(frame.channel ?? refreshLane, async () => {
      try {
        const ok = isCurrent() ? await run() : answered
        if (ok !== answered && isCurrent()) reply(session, frame.id, ok)
      } catch (error) {
        const refusal = this.#asParleyError(error, session)
        if (isCurrent()) refuse(session, frame.id, refusal)
      } finally {
        session.requestsInFlight -= 1
        // Its reply may have left before.
        session.outbox.easeLater()
      }
    })
  }

  async #subscribe(session: Session, frame: SubscribeFrame): Promise<unknown> {
    const joined = (result: string) => replyText(session, frame.id, result)
    await this.#parts.subscribing.subscribe({ session, joined }, frame)
    return answered
  }

  #unsubscribe(session: Session, frame: UnsubscribeFrame): object {
    session.unsubscribe(frame.channel)
    return {}
  }

  async #set(session: Session, frame: SetStateFrame): Promise<object> {
    const channel = this.#channelOf(session, frame.channel)
    this.#checkName(frame.name)
    const refusal = await this.#parts.permissions.check(
      session.identity,
      'presence',
      frame.channel,
      channel.kind,
    )
    if (refusal !== undefined) throw refusal
    session.setState(this.#channelOf(session, frame.channel), frame.name, frame.value)
    return {}
  }

  #checkName(name: string): void {
    if (name === presenceName)
      throw new ParleyError('bad_request', 'The entry `presence` is kept by the server. Use another name.')
    const state = this.#parts.registry.state(name)
    if (state !== undefined)
      throw new ParleyError(
        'bad_request',
        `The entries \`${name}\` are kept by module \`${state.module}\`. Use its commands, or another name.`,
      )
  }

  #state(session: Session, frame: ReadStateFrame): unknown {
    const channel = this.#channelOf(session, frame.channel)
    const member = session.members.get(frame.channel)
    if (frame.after === undefined && member !== undefined) channel.readState(member)
    replyText(session, frame.id, channel.state.snapshotText(frame.after, channel.flushedState))
    return answered
  }

  #channelOf(session: Session, name: string): Channel {
    const member = session.members.get(name)
    if (member === undefined)
      throw new ParleyError('not_subscribed', `This session is not subscribed to ${name}.`)
    return member.channel
  }

  async #refresh(session: Session, frame: RefreshFrame): Promise<object> {
    const identity = await this.#parts.authenticate(frame.token)
    await this.#parts.refresh(session, identity)
    return identity.expiresAt === undefined ? {} : { expiresAt: identity.expiresAt }
  }

  #asParleyError(error: unknown, session: Session): ParleyError {
    if (error instanceof ParleyError) return error
    this.#parts.log.error('A frame could not be carried out.', {
      session: session.id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return new ParleyError('internal')
  }
}

function reply(session: Session, id: number, ok: unknown): void {
  replyText(session, id, JSON.stringify(ok ?? null))
}

/** @param ok JSON */
function replyText(session: Session, id: number, ok: string): void {
  session.outbox.control(`{"op":"reply","id":${id},"ok":${ok}}`)
}

function refuse(session: Session, id: number, error: ParleyError): void {
  session.outbox.control(JSON.stringify({ op: 'reply', id, error: error.toBody() }))
}

function tooMany(what: string, count: number): ParleyError {
  return new ParleyError('overloaded', `This session has ${count} ${what} without an answer. Wait for some.`)
}
