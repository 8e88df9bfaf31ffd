import { ParleyError, type Position } from '@parley/protocol'
import type { Limits } from '../limits.ts'
import type { PositionedHandler } from '../module.ts'
import type { Clock } from '../ports/clock.ts'
import type { Prepared, Runnable } from './call.ts'
import { keepOrder, takeTurn } from './fences.ts'
import type { Published, Publisher } from './publisher.ts'
import { type KnownReceipt, type Receipts, readReceipt, receiptText } from './receipts.ts'
import { type ContextServices, UnitContext } from './unit-context.ts'

export interface UnitRunnerParts {
  readonly limits: Limits
  readonly clock: Clock
  readonly receipts: Receipts
  readonly publisher: Publisher
  readonly context: ContextServices
  /** Called once for each call that is run. */
  readonly finish: (prepared: Prepared, error: unknown, output: unknown) => void
}

/** One run of a handler. */
interface Run {
  readonly prepared: Prepared
  readonly ctx: UnitContext
}

/**
 * Runs a command's handler and brings what it wants into the world: collects a unit, submits it, answers with its
 * positions, and runs the handler once more where what the decision rested on has changed.
 */
export class UnitRunner {
  readonly #parts: UnitRunnerParts

  constructor(parts: UnitRunnerParts) {
    this.#parts = parts
  }

  /** Undefined when the unit is submitted already, else a promise for that. Never rejects. */
  run(prepared: Prepared): Promise<void> | undefined {
    const { caller, orderKey } = prepared
    const ctx = this.#context(prepared, 1, () => caller.uncommitted?.get(orderKey))
    const run: Run = { prepared, ctx }
    try {
      takeTurn(caller, orderKey)
      const output = handle(prepared, ctx)
      if (output instanceof Promise)
        return output.then(
          (value) => this.#submitInOrder(run, value),
          (error) => this.#fail(prepared, error),
        )
      this.#submitInOrder(run, output)
    } catch (error) {
      this.#fail(prepared, error)
    }
    return undefined
  }

  /** Answers a repeat as the first run was answered. */
  answerFrom(prepared: Prepared, receipt: KnownReceipt): void {
    try {
      if (receipt.fingerprint !== prepared.fingerprint) throw new ParleyError('idempotency_mismatch')
      const { output, positions } = readReceipt(receipt)
      this.#parts.finish(prepared, undefined, complete(prepared.command, output, positions))
    } catch (error) {
      this.#fail(prepared, error)
    }
  }

  #context(
    { identity, caller }: Prepared,
    attempt: 1 | 2,
    earlier: () => Promise<unknown> | undefined,
  ): UnitContext {
    const { session, requestId, traceparent } = caller
    const call = { identity, session, requestId, traceparent, attempt, earlier }
    return new UnitContext(this.#parts.context, call)
  }

  #fail(prepared: Prepared, error: unknown): void {
    this.#parts.finish(prepared, error, undefined)
  }

  #submitInOrder(run: Run, output: unknown): void {
    const { uncommitted } = run.prepared.caller
    const { orderKey } = run.prepared
    const before = uncommitted?.get(orderKey)
    const settled = this.#submit(run, output, before)
    if (uncommitted === undefined || settled === undefined) return
    const all = before === undefined ? settled : Promise.all([before, settled])
    uncommitted.set(orderKey, all)
    void all.then(() => {
      if (uncommitted.get(orderKey) === all) uncommitted.delete(orderKey)
    })
  }

  /** Undefined when all is done, else a promise for that, the second run included. Never rejects. */
  #submit(run: Run, output: unknown, before: Promise<unknown> | undefined): Promise<void> | undefined {
    const { prepared, ctx } = run
    try {
      const { scope, fingerprint } = prepared
      if (ctx.isEmpty && scope === undefined) {
        this.#parts.finish(prepared, undefined, complete(prepared.command, output, []))
        return undefined
      }
      // Once more: a call before it may have been refused while the handler ran.
      keepOrder(prepared.caller, prepared.orderKey)
      const expiresAt = this.#parts.clock.now() + this.#parts.limits.idempotencyTtlMs
      const text = scope === undefined ? '' : receiptText(output, ctx.events, ctx.redactions !== undefined)
      const published = this.#parts.publisher.submit(
        ctx,
        scope === undefined ? undefined : { scope, fingerprint, output: text, expiresAt },
      )
      const settle = (outcome: Published) => this.#settle(run, { output, text, before }, outcome)
      if (!(published instanceof Promise)) return settle(published)
      return published.then(settle).catch((error: unknown) => this.#fail(prepared, error))
    } catch (error) {
      this.#fail(prepared, error)
      return undefined
    }
  }

  #settle(
    { prepared, ctx }: Run,
    result: {
      readonly output: unknown
      readonly text: string
      readonly before: Promise<unknown> | undefined
    },
    published: Published,
  ): Promise<void> | undefined {
    if (published.status === 'repeated') this.answerFrom(prepared, published.receipt)
    else if (published.status === 'refused') {
      if (ctx.attempt === 1) return this.#runAgain(prepared, result.before)
      this.#fail(prepared, new ParleyError('conflict'))
    } else {
      const { scope, fingerprint } = prepared
      const { positions } = published
      if (scope !== undefined)
        this.#parts.receipts.remember(scope, { fingerprint, output: result.text, positions })
      this.#parts.finish(prepared, undefined, complete(prepared.command, result.output, positions))
    }
    return undefined
  }

  /** What the decision rested on has changed: once more on fresh reads, behind the units that came before the first. */
  async #runAgain(prepared: Prepared, before: Promise<unknown> | undefined): Promise<void> {
    try {
      const ctx = this.#context(prepared, 2, () => before)
      const output = await handle(prepared, ctx)
      await this.#submit({ prepared, ctx }, output, before)
    } catch (error) {
      this.#fail(prepared, error)
    }
  }
}

function handle({ command, input }: Prepared, ctx: UnitContext): unknown {
  const { handler } = command
  return typeof handler === 'function' ? handler(ctx, input as never) : handler.run(ctx, input as never)
}

/** Puts positions into an output, for the handlers that declare how. */
function complete({ handler }: Runnable, output: unknown, positions: readonly Position[]): unknown {
  return typeof handler === 'function'
    ? output
    : (handler as PositionedHandler<never, unknown>).complete(output as never, positions)
}
