import { ParleyError } from '@parley/protocol'
import type { Done } from './call.ts'

interface Twin {
  readonly fingerprint: string
  readonly waiting: Done[]
}

/** Calls under way that have an idempotency key; a repeat joins the first and gets its result. */
export class Twins {
  readonly #byScope = new Map<string, Twin>()

  get size(): number {
    return this.#byScope.size
  }

  /**
   * A promise for when it is finished, if the call has joined one that is under way. Otherwise the call is the first,
   * until `finish`.
   *
   * @throws ParleyError `idempotency_mismatch`
   */
  join(scope: string, fingerprint: string, done: Done): Promise<void> | undefined {
    const twin = this.#byScope.get(scope)
    if (twin === undefined) {
      this.#byScope.set(scope, { fingerprint, waiting: [] })
      return undefined
    }
    if (twin.fingerprint !== fingerprint) throw new ParleyError('idempotency_mismatch')
    return new Promise((resolve) => {
      twin.waiting.push((error, output) => {
        done(error, output)
        resolve()
      })
    })
  }

  /** Gives the result of the first to all that joined it. */
  finish(scope: string, error: ParleyError | undefined, output: unknown): void {
    const twin = this.#byScope.get(scope)
    this.#byScope.delete(scope)
    for (const done of twin?.waiting ?? []) done(error, output)
  }
}
