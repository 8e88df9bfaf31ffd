import { errorEntry, ParleyError, takesKey } from '@parley/protocol'
import type { Permissions } from '../access/permissions.ts'
import type { Context } from '../context.ts'
import type { FlagName, Flags } from '../flags.ts'
import { originFields } from '../inspection/origin-fields.ts'
import { callSpan, within } from '../inspection/spans.ts'
import type { Kinds } from '../kind.ts'
import type { Limits } from '../limits.ts'
import type { Identity } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Tracer } from '../ports/tracer.ts'
import { orderKeyOf, type RegisteredCommand, type Registry } from '../registry.ts'
import type { Call, Caller, Done, Prepared } from './call.ts'
import { heldBehind, keepOrder } from './fences.ts'
import { digest } from './hash.ts'
import { OrderedLanes } from './ordered-lanes.ts'
import type { Publisher } from './publisher.ts'
import type { KnownReceipt, Receipts } from './receipts.ts'
import { Twins } from './twins.ts'
import type { ContextServices } from './unit-context.ts'
import { UnitRunner } from './unit-runner.ts'
import { validate } from './validate.ts'

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
  /** Absent where nobody traces. */
  readonly tracer?: Tracer | undefined
  /** Absent where calls leave no line. */
  readonly operationLog?: Logger | undefined
  readonly onCalled: (command: string, code: string, elapsedMs: number) => void
}

/** Work of the server itself. */
type ServerJob = (ctx: Context) => unknown

/** Jobs of the server are refused above so many calls and jobs under way. */
const maxUnderWay = 10_000

const nobody: Identity = { app: 'default', role: 'user', grants: [] }

/**
 * Runs commands: schema, rate, idempotency, permission, handler, commit. Sessions and REST use it alike.
 *
 * Calls of one session with the same ordering key start in the order in which they came, each after the one before has
 * submitted its unit; they do not wait for its commit.
 */
export class Dispatch {
  readonly #parts: DispatchParts
  readonly #units: UnitRunner
  readonly #twins = new Twins()
  /** Order among the jobs of the server, by app and order. */
  readonly #jobLanes = new OrderedLanes()
  readonly #uncommittedJobs = new Map<string, Promise<unknown>>()
  #jobs = 0
  #underWay = 0
  #isDraining = false
  #onIdle: (() => void) | undefined

  constructor(parts: DispatchParts) {
    this.#parts = parts
    this.#units = new UnitRunner({
      ...parts,
      finish: (prepared, error, output) => this.#finish(prepared, error, output),
    })
  }

  /** Calls accepted that have no answer yet. */
  get underWay(): number {
    return this.#underWay + this.#twins.size
  }

  /** Runs a call; `done` may be called before this returns. */
  execute(from: Caller, call: Call, done: Done): void {
    const { clock, onCalled, operationLog, registry, tracer } = this.#parts
    const started = clock.elapsed()
    let command: RegisteredCommand | undefined
    const span = callSpan(tracer, from, registry.has(call.command) ? call.command : 'unknown')
    const caller = within(span, from)
    const finish: Done = (error, output) => {
      span?.end(error?.code)
      const [name, code, elapsedMs] = [
        command?.name ?? 'unknown',
        error?.code ?? 'ok',
        clock.elapsed() - started,
      ]
      onCalled(name, code, elapsedMs)
      operationLog?.debug('A call was answered.', { command: name, code, elapsedMs, ...originFields(caller) })
      try {
        done(error, output)
      } catch (cause) {
        this.#toParleyError(cause, caller, call.command)
      }
    }
    let prepared: Prepared | undefined
    try {
      command = registry.command(call.command)
      prepared = this.#prepare(command, caller, { call, done: finish })
    } catch (error) {
      finish(this.#toParleyError(error, caller, call.command), undefined)
      return
    }
    if (prepared === undefined) return
    this.#underWay += 1
    const job = () => this.#start(prepared)
    if (caller.lanes === undefined) void job()
    else caller.lanes.run(prepared.orderKey, job)
  }

  /** As {@link execute}, for those who like to await. */
  call(caller: Caller, call: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.execute(caller, call, (error, output) => (error === undefined ? resolve(output) : reject(error)))
    })
  }

  /** Runs a job as the server: a unit of its own, submitted behind those of the same app and order. */
  run(app: string, job: ServerJob, order?: string): Promise<unknown> {
    if (this.#isDraining) return Promise.reject(stopping())
    if (this.#underWay >= maxUnderWay)
      return Promise.reject(
        new ParleyError('overloaded', `${maxUnderWay} calls and jobs are under way.`, { retryAfterMs: 100 }),
      )
    this.#jobs += 1
    const identity: Identity = { app, role: 'backend', grants: [{ pattern: '*', actions: ['*'] }] }
    const caller: Caller = {
      identity,
      requestId: `server-${this.#jobs}`,
      ...(order === undefined ? {} : { uncommitted: this.#uncommittedJobs }),
    }
    return new Promise((resolve, reject) => {
      this.#underWay += 1
      const prepared: Prepared = {
        ...{ caller, identity, input: undefined, scope: undefined, fingerprint: '', receipt: undefined },
        command: { name: 'a job of the server', handler: job },
        permission: 'anyone',
        orderKey: `${app}\n${order ?? ''}`,
        done: (error, output) => (error === undefined ? resolve(output) : reject(error)),
      }
      const start = () => this.#units.run(prepared)
      if (order === undefined) void start()
      else this.#jobLanes.run(prepared.orderKey, start)
    })
  }

  /** Refuses new calls from here on. Fulfilled when those accepted before are finished. */
  async drain(): Promise<void> {
    this.#isDraining = true
    while (this.#underWay > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
  }

  /** Undefined when the call has joined its twin. */
  #prepare(
    command: RegisteredCommand,
    caller: Caller,
    { call, done }: { readonly call: Call; readonly done: Done },
  ): Prepared | undefined {
    const { contract } = command
    keepOrder(caller, orderKeyOf(command, call.input))
    this.#checkDoor(command, caller)
    const identity = caller.identity ?? nobody
    const input = contract.precheck?.(call.input) ? call.input : validate(contract.input, call.input)
    const { permission } = contract
    const base = { command, caller, identity, input, permission, orderKey: orderKeyOf(command, input), done }
    if (call.key === undefined || !takesKey(contract))
      return { ...base, scope: undefined, fingerprint: '', receipt: undefined }
    const scope = `${identity.app}\n${identity.user ?? ''}\n${command.name}\n${call.key}`
    const fingerprint = digest(JSON.stringify(input))
    const twin = this.#twins.join(scope, fingerprint, done)
    if (twin !== undefined) {
      // What the client sent behind it, on this connection, comes after it here as well.
      caller.lanes?.run(base.orderKey, () => twin)
      return undefined
    }
    return { ...base, scope, fingerprint, receipt: this.#findReceipt(scope) }
  }

  /** Feature, credentials and rate: what is asked before anything is looked at. */
  #checkDoor({ contract }: RegisteredCommand, caller: Caller): void {
    const { flags, throttle } = this.#parts
    if (this.#isDraining && caller.isNested !== true) throw stopping()
    if (contract.flag !== undefined) flags.require(contract.flag as FlagName)
    if (caller.identity === undefined && contract.permission !== 'public')
      throw new ParleyError('unauthenticated')
    if (caller.isNested === true || !flags.isOn('rateLimiting')) return
    const waitMs = throttle(caller)
    if (waitMs > 0)
      throw new ParleyError('rate_limited', `Too many requests. Wait ${waitMs} ms.`, { retryAfterMs: waitMs })
  }

  #findReceipt(scope: string): Prepared['receipt'] {
    const found = this.#parts.receipts.find(scope)
    // It is awaited when it is the call's turn, which may be after it has failed.
    if (found instanceof Promise) found.catch(() => undefined)
    return found
  }

  #finish(prepared: Prepared, cause: unknown, output: unknown): void {
    const { scope } = prepared
    const error = cause === undefined ? undefined : this.#refusal(prepared, cause)
    this.#underWay -= 1
    if (scope !== undefined) this.#twins.finish(scope, error, output)
    prepared.done(error, output)
    if (this.#underWay === 0) this.#onIdle?.()
  }

  /** What is refused for good may lack only a call before it, which was refused for now: both are sent again. */
  #refusal({ caller, command, orderKey }: Prepared, cause: unknown): ParleyError {
    const error = this.#toParleyError(cause, caller, command.name)
    return error.retryable ? error : (heldBehind(caller, orderKey) ?? error)
  }

  /** A job of the ordered lane: undefined when the unit is submitted, else a promise for that. Never rejects. */
  #start(prepared: Prepared): Promise<void> | undefined {
    try {
      const { receipt } = prepared
      if (receipt instanceof Promise) return this.#startLater(prepared, receipt)
      if (receipt !== undefined) {
        this.#units.answerFrom(prepared, receipt)
        return undefined
      }
      const refusal = this.#permission(prepared)
      if (refusal instanceof Promise) return this.#startLater(prepared, undefined, refusal)
      if (refusal === undefined) return this.#units.run(prepared)
      this.#finish(prepared, refusal, undefined)
    } catch (error) {
      this.#finish(prepared, error, undefined)
    }
    return undefined
  }

  async #startLater(
    prepared: Prepared,
    receipt: Promise<KnownReceipt | undefined> | undefined,
    asked?: Promise<ParleyError | undefined>,
  ): Promise<void> {
    try {
      const found = await receipt
      if (found !== undefined) {
        this.#units.answerFrom(prepared, found)
        return
      }
      const refusal = await (asked ?? this.#permission(prepared))
      if (refusal !== undefined) throw refusal
    } catch (error) {
      this.#finish(prepared, error, undefined)
      return
    }
    await this.#units.run(prepared)
  }

  #permission({
    caller,
    identity,
    input,
    permission,
  }: Prepared): ParleyError | undefined | Promise<ParleyError | undefined> {
    if (permission === 'public' || permission === 'anyone') return undefined
    if (permission === 'operator') return this.#parts.permissions.checkOperator(identity)
    if (permission === 'internal') return caller.isNested === true ? undefined : this.#internal(identity)
    if (permission.channel === undefined) return this.#parts.permissions.checkApp(identity, permission.action)
    const channel = String((input as Readonly<Record<string, unknown>>)[permission.channel])
    return this.#parts.permissions.check(identity, permission.action, channel, this.#parts.kinds.of(channel))
  }

  #internal(identity: Identity): ParleyError | undefined {
    if (identity.role === 'backend') return this.#parts.permissions.checkApp(identity, 'manage')
    return new ParleyError('forbidden', 'This command is for back ends and for modules of the server.')
  }

  #toParleyError(error: unknown, caller: Caller, command: string): ParleyError {
    if (error instanceof ParleyError) return error
    this.#parts.log.error('A command failed in a way it does not declare.', {
      command: command.slice(0, 100),
      ...originFields(caller),
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return new ParleyError('internal', errorEntry('internal').summary, {
      details: { requestId: caller.requestId },
    })
  }
}

function stopping(): ParleyError {
  return new ParleyError('unavailable', 'The node is stopping. Repeat it on the next connection.')
}
