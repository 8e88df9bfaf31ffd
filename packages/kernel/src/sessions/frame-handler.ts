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
import type { Subscribing } from '../channels/subscribing.ts'
import type { Dispatch } from '../commands/dispatch.ts'
import type { Limits } from '../limits.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { presenceName, type Session } from './session.ts'

export interface FrameHandlerParts {
  readonly dispatch: Dispatch
  readonly subscribing: Subscribing
  readonly permissions: Permissions
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Logger
  readonly authenticate: (token: string) => Promise<Identity>
  /** The session's identity has changed: what it no longer allows ends. */
  readonly recheck: (session: Session) => Promise<void>
}

/** Stands for "the reply is queued already". */
const answered = Symbol('answered')

/** Carries out what a connected client asks for. Frames about one channel are carried out in the order they came. */
export class FrameHandler {
  readonly #parts: FrameHandlerParts

  constructor(parts: FrameHandlerParts) {
    this.#parts = parts
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
        void this.#refresh(session, frame)
        break
      default:
    }
  }

  #call(session: Session, frame: CallFrame): void {
    const { limits } = this.#parts
    if (session.callsInFlight >= limits.maxCallsInFlight) {
      refuse(
        session,
        frame.id,
        new ParleyError(
          'overloaded',
          `This session has ${limits.maxCallsInFlight} calls without an answer. Wait for some.`,
        ),
      )
      return
    }
    session.callsInFlight += 1
    const caller = {
      identity: session.identity,
      session: session.id,
      ip: session.link?.handshake.ip,
      requestId: `${session.id}-${session.generation}-${frame.id}`,
      lanes: session.lanes,
      uncommitted: session.uncommitted,
    }
    const { generation } = session
    this.#parts.dispatch.execute(caller, frame, (error, output) => {
      session.callsInFlight -= 1
      // An answer for an earlier connection would meet another call of the same id.
      if (session.generation !== generation) return
      if (error === undefined) reply(session, frame.id, output)
      else refuse(session, frame.id, error)
    })
  }

  /** Runs after the channel's earlier frames; errors become the reply. */
  #inOrder(
    session: Session,
    frame: { readonly id: number; readonly channel: string },
    run: () => unknown,
  ): void {
    const { generation } = session
    session.lanes.run(frame.channel, async () => {
      if (session.generation !== generation || session.link === undefined) return
      try {
        const ok = await run()
        if (ok !== answered) reply(session, frame.id, ok)
      } catch (error) {
        refuse(session, frame.id, this.#asParleyError(error, session))
      }
    })
  }

  async #subscribe(session: Session, frame: SubscribeFrame): Promise<unknown> {
    await this.#parts.subscribing.subscribe(session, frame, (result) => reply(session, frame.id, result))
    return answered
  }

  #unsubscribe(session: Session, frame: UnsubscribeFrame): object {
    session.unsubscribe(frame.channel)
    return {}
  }

  async #set(session: Session, frame: SetStateFrame): Promise<object> {
    const channel = this.#channelOf(session, frame.channel)
    if (frame.name === presenceName)
      throw new ParleyError('bad_request', 'The entry `presence` is kept by the server. Use another name.')
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

  #state(session: Session, frame: ReadStateFrame): object {
    const channel = this.#channelOf(session, frame.channel)
    const snapshot = channel.state.snapshot(frame.after)
    const member = session.members.get(frame.channel)
    if (frame.after === undefined && member !== undefined) channel.readState(member, snapshot.version)
    return snapshot
  }

  #channelOf(session: Session, name: string): Channel {
    const member = session.members.get(name)
    if (member === undefined)
      throw new ParleyError('not_subscribed', `This session is not subscribed to ${name}.`)
    return member.channel
  }

  async #refresh(session: Session, frame: RefreshFrame): Promise<void> {
    try {
      const identity = await this.#parts.authenticate(frame.token)
      if (identity.app !== session.identity.app || identity.user !== session.identity.user)
        throw new ParleyError(
          'forbidden',
          'A refreshed token must be of the same app and user. Connect anew to change them.',
        )
      session.identity = identity
      session.link?.refreshed()
      await this.#parts.recheck(session)
      reply(session, frame.id, identity.expiresAt === undefined ? {} : { expiresAt: identity.expiresAt })
    } catch (error) {
      refuse(session, frame.id, this.#asParleyError(error, session))
    }
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
  session.outbox.control(`{"op":"reply","id":${id},"ok":${JSON.stringify(ok ?? null)}}`)
}

function refuse(session: Session, id: number, error: ParleyError): void {
  session.outbox.control(JSON.stringify({ op: 'reply', id, error: error.toBody() }))
}
