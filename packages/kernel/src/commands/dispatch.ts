import { errorEntry, ParleyError, type Position } from '@parley/protocol'
import type { Permissions } from '../access/permissions.ts'
import type { FlagName, Flags } from '../flags.ts'
import type { Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { PositionedHandler } from '../module.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { StoredReceipt } from '../ports/store.ts'
import type { RegisteredCommand, Registry } from '../registry.ts'
import { digest } from './hash.ts'
import type { OrderedLanes } from './ordered-lanes.ts'
import type { Published, Publisher } from './publisher.ts'
import type { Receipts } from './receipts.ts'
import { type ContextServices, UnitContext } from './unit-context.ts'
import { validate } from './validate.ts'

/** Who calls, and from where. */
export interface Caller {
  readonly identity: Identity | undefined
  readonly session?: string
  readonly ip?: string | undefined
  readonly requestId: string
  /** Order among the calls of one session; absent over REST. */
  readonly lanes?: OrderedLanes
  /** Units of this session that are submitted and not yet committed, by ordering key. */
  readonly uncommitted?: Map<string, Promise<unknown>>
}

export interface Call {
  readonly command: string
  readonly input?: unknown
  readonly key?: string | undefined
}

/** Told once what became of a call. */
export type Done = (error: ParleyError | undefined, output: unknown) => void

export interface DispatchParts {
  readonly registry: Registry
  readonly kinds: Kinds
  readonly flags: Flags
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Logger
  readonly permissions: Permissions
  readonly receipts: Receipts
  readonly publisher: Publisher
  readonly context: ContextServices
  /** Milliseconds to wait before this caller may call again; 0 when it may now. */
  readonly throttle: (caller: Caller) => number
  readonly onCalled: (command: string, code: string, elapsedMs: number) => void
}

/** A call that passed its first checks. */
interface Prepared {
  readonly command: RegisteredCommand
  readonly caller: Caller
  readonly identity: Identity
  readonly input: unknown
  readonly orderKey: string
  readonly scope: string | undefined
  readonly fingerprint: string
  readonly receipt: StoredReceipt | undefined | Promise<StoredReceipt | undefined>
  readonly done: Done
}

interface Twin {
  readonly fingerprint: string
  readonly waiting: Done[]
}

const nobody: Identity = { app: 'default', role: 'user', grants: [] }

/**
 * Runs commands: schema, rate, idempotency, permission, handler, commit. Sessions and REST use it alike.
 *
 * Calls of one session with the same ordering key start in the order in which they came, each after the one before has
 * submitted its unit; they do not wait for its commit.
 */
export class Dispatch {
  readonly #parts: DispatchParts
  /** Calls under way that have an idempotency key; a repeat joins the first. */
  readonly #twins = new Map<string, Twin>()
  #underWay = 0
  #onIdle: (() => void) | undefined

  constructor(parts: DispatchParts) {
    this.#parts = parts
  }

  /** Runs a call; `done` may be called before this returns. */
  execute(caller: Caller, call: Call, done: Done): void {
    let prepared: Prepared | undefined
    const started = this.#parts.clock.elapsed()
    const finish: Done = (error, output) => {
      this.#parts.onCalled(
        prepared?.command.name ?? 'unknown',
        error?.code ?? 'ok',
        this.#parts.clock.elapsed() - started,
      )
      done(error, output)
    }
    try {
      prepared = this.#prepare(caller, call, finish)
    } catch (error) {
      finish(this.#toParleyError(error, caller, call.command), undefined)
      return
    }
    if (prepared === undefined) return
    this.#underWay += 1
    const job = () => this.#start(prepared as Prepared)
    if (caller.lanes === undefined) void job()
    else caller.lanes.run(prepared.orderKey, job)
  }

  /** As {@link execute}, for those who like to await. */
  call(caller: Caller, call: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.execute(caller, call, (error, output) => (error === undefined ? resolve(output) : reject(error)))
    })
  }

  /** Fulfilled when no call is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  /** Undefined when the call has joined its twin. */
  #prepare(caller: Caller, call: Call, done: Done): Prepared | undefined {
    const { registry, flags } = this.#parts
    const command = registry.command(call.command)
    const { contract } = command
    if (contract.flag !== undefined && !flags.isOn(contract.flag as FlagName))
      throw new ParleyError('disabled', `The feature flag \`${contract.flag}\` is off.`)
    if (caller.identity === undefined && contract.permission !== 'public')
      throw new ParleyError('unauthenticated')
    const identity = caller.identity ?? nobody
    const waitMs = flags.isOn('rateLimiting') ? this.#parts.throttle(caller) : 0
    if (waitMs > 0)
      throw new ParleyError('rate_limited', `Too many requests. Wait ${waitMs} ms.`, { retryAfterMs: waitMs })
    const input = contract.precheck?.(call.input) ? call.input : validate(contract.input, call.input)
    const isKeyed = call.key !== undefined && contract.readOnly !== true
    const scope = isKeyed
      ? `${identity.app}\n${identity.user ?? ''}\n${command.name}\n${call.key}`
      : undefined
    const fingerprint = isKeyed ? digest(JSON.stringify(input)) : ''
    if (scope !== undefined && this.#joinTwin(scope, fingerprint, done)) return undefined
    const receipt = scope === undefined ? undefined : this.#parts.receipts.find(scope)
    if (receipt instanceof Promise) receipt.catch(() => undefined)
    return {
      command,
      caller,
      identity,
      input,
      orderKey: orderKey(command, input),
      scope,
      fingerprint,
      receipt,
      done,
    }
  }

  #joinTwin(scope: string, fingerprint: string, done: Done): boolean {
    const twin = this.#twins.get(scope)
    if (twin === undefined) {
      this.#twins.set(scope, { fingerprint, waiting: [] })
      return false
    }
    if (twin.fingerprint !== fingerprint) throw new ParleyError('idempotency_mismatch')
    twin.waiting.push(done)
    return true
  }

  #finish(prepared: Prepared, error: ParleyError | undefined, output: unknown): void {
    this.#underWay -= 1
    if (prepared.scope !== undefined) {
      const twin = this.#twins.get(prepared.scope)
      this.#twins.delete(prepared.scope)
      for (const done of twin?.waiting ?? []) done(error, output)
    }
    prepared.done(error, output)
    if (this.#underWay === 0) this.#onIdle?.()
  }

  #fail(prepared: Prepared, error: unknown): void {
    this.#finish(prepared, this.#toParleyError(error, prepared.caller, prepared.command.name), undefined)
  }

  /** A job of the ordered lane: undefined when the unit is submitted, else a promise for that. */
  #start(prepared: Prepared): Promise<void> | undefined {
    try {
      const { receipt } = prepared
      if (receipt instanceof Promise) return this.#startLater(prepared, receipt)
      if (receipt !== undefined) {
        this.#answerFrom(prepared, receipt)
        return undefined
      }
      const refusal = this.#permission(prepared)
      if (refusal instanceof Promise) return this.#startLater(prepared, undefined, refusal)
      if (refusal !== undefined) throw refusal
      return this.#run(prepared, 1)
    } catch (error) {
      this.#fail(prepared, error)
      return undefined
    }
  }

  async #startLater(
    prepared: Prepared,
    receipt: Promise<StoredReceipt | undefined> | undefined,
    asked?: Promise<ParleyError | undefined>,
  ): Promise<void> {
    try {
      const found = await receipt
      if (found !== undefined) {
        this.#answerFrom(prepared, found)
        return
      }
      const refusal = await (asked ?? this.#permission(prepared))
      if (refusal !== undefined) throw refusal
      await this.#run(prepared, 1)
    } catch (error) {
      this.#fail(prepared, error)
    }
  }

  #permission({
    command,
    identity,
    input,
  }: Prepared): ParleyError | undefined | Promise<ParleyError | undefined> {
    const { permission } = command.contract
    if (permission === 'public' || permission === 'anyone') return undefined
    if (permission.channel === undefined) return this.#parts.permissions.checkApp(identity, permission.action)
    const channel = String((input as Readonly<Record<string, unknown>>)[permission.channel])
    return this.#parts.permissions.check(identity, permission.action, channel, this.#parts.kinds.of(channel))
  }

  #answerFrom(prepared: Prepared, receipt: StoredReceipt): void {
    if (receipt.fingerprint !== prepared.fingerprint) {
      this.#fail(prepared, new ParleyError('idempotency_mismatch'))
      return
    }
    this.#finish(
      prepared,
      undefined,
      complete(prepared.command, JSON.parse(receipt.output), receipt.positions),
    )
  }

  #run(prepared: Prepared, attempt: number): Promise<void> | undefined {
    const { caller, identity, command, orderKey: key } = prepared
    const ctx = new UnitContext(this.#parts.context, {
      identity,
      session: caller.session,
      requestId: caller.requestId,
      earlier: () => caller.uncommitted?.get(key),
    })
    const { handler } = command
    const run = typeof handler === 'function' ? handler : handler.run
    const output = run(ctx, prepared.input as never)
    if (!(output instanceof Promise)) {
      this.#submit(prepared, ctx, { output, attempt })
      return undefined
    }
    return output.then(
      (value) => this.#submitSafely(prepared, ctx, { output: value, attempt }),
      (error) => this.#fail(prepared, error),
    )
  }

  #submitSafely(
    prepared: Prepared,
    ctx: UnitContext,
    result: { readonly output: unknown; readonly attempt: number },
  ): void {
    try {
      this.#submit(prepared, ctx, result)
    } catch (error) {
      this.#fail(prepared, error)
    }
  }

  #submit(
    prepared: Prepared,
    ctx: UnitContext,
    result: { readonly output: unknown; readonly attempt: number },
  ): void {
    const { scope, fingerprint, caller, orderKey: key } = prepared
    const changesNothing = ctx.events.length === 0 && ctx.writes.length === 0 && ctx.assertions.length === 0
    if (changesNothing && scope === undefined) {
      this.#finish(prepared, undefined, complete(prepared.command, result.output, []))
      return
    }
    const expiresAt = this.#parts.clock.now() + this.#parts.limits.idempotencyTtlMs
    const receipt =
      scope === undefined
        ? undefined
        : { scope, fingerprint, output: JSON.stringify(result.output ?? null), expiresAt }
    const published = this.#parts.publisher.submit(ctx, receipt)
    if (!(published instanceof Promise)) {
      this.#settle(prepared, result, published)
      return
    }
    const settled = published.then(
      (outcome) => this.#settle(prepared, result, outcome),
      (error) => this.#fail(prepared, error),
    )
    const { uncommitted } = caller
    if (uncommitted === undefined) return
    uncommitted.set(key, settled)
    void settled.finally(() => {
      if (uncommitted.get(key) === settled) uncommitted.delete(key)
    })
  }

  #settle(
    prepared: Prepared,
    result: { readonly output: unknown; readonly attempt: number },
    published: Published,
  ): void {
    if (published.status === 'repeated') {
      this.#answerFrom(prepared, published.receipt)
      return
    }
    if (published.status === 'refused') {
      this.#again(prepared, result.attempt)
      return
    }
    const { scope, fingerprint } = prepared
    if (scope !== undefined)
      this.#parts.receipts.remember(scope, {
        fingerprint,
        output: JSON.stringify(result.output ?? null),
        positions: published.positions,
      })
    this.#finish(prepared, undefined, complete(prepared.command, result.output, published.positions))
  }

  /** What the decision rested on has changed: once more on fresh reads, then it is the caller's turn. */
  #again(prepared: Prepared, attempt: number): void {
    if (attempt > 1) {
      this.#fail(prepared, new ParleyError('conflict'))
      return
    }
    try {
      void this.#run(prepared, attempt + 1)
    } catch (error) {
      this.#fail(prepared, error)
    }
  }

  #toParleyError(error: unknown, caller: Caller, command: string): ParleyError {
    if (error instanceof ParleyError) return error
    this.#parts.log.error('A command failed in a way it does not declare.', {
      command: command.slice(0, 100),
      requestId: caller.requestId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return new ParleyError('internal', errorEntry('internal').summary, {
      details: { requestId: caller.requestId },
    })
  }
}

function orderKey(command: RegisteredCommand, input: unknown): string {
  const { orderBy, permission } = command.contract
  const field = orderBy ?? (typeof permission === 'object' ? permission.channel : undefined)
  const value = field === undefined ? undefined : (input as Readonly<Record<string, unknown>>)[field]
  return typeof value === 'string' ? value : command.name
}

/** Puts positions into an output, for the handlers that declare how. */
function complete(command: RegisteredCommand, output: unknown, positions: readonly Position[]): unknown {
  const { handler } = command
  return typeof handler === 'function'
    ? output
    : (handler as PositionedHandler<never, unknown>).complete(output as never, positions)
}
