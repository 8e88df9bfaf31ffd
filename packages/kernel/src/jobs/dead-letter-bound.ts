import type { Context } from '../context.ts'
import type { RecordRow } from '../ports/store.ts'
import { deadTable } from './job-records.ts'

/** Letters removed in one unit. */
const batch = 200
const page = 500

export interface DeadLetterBoundParts {
  /** Letters kept for an app. */
  readonly max: number
  readonly records: (options: {
    readonly after?: string
    readonly limit: number
  }) => Promise<readonly RecordRow[]>
  readonly run: (job: (ctx: Context) => void) => Promise<unknown>
  readonly onDropped: (count: number) => void
}

/**
 * Keeps the newest dead letters of an app, and drops the oldest. Looked after once for every tenth of the bound that was
 * buried, so that a storm of failures costs little: the bound is exceeded by that much at most.
 */
export class DeadLetterBound {
  readonly #parts: DeadLetterBoundParts
  #sinceLook: number
  #look: Promise<void> | undefined

  constructor(parts: DeadLetterBoundParts) {
    this.#parts = parts
    // What an earlier process left is not known.
    this.#sinceLook = parts.max
  }

  /** A letter more. Fulfilled when the bound holds; rejected when the store does not let it. */
  buried(): Promise<void> {
    this.#sinceLook += 1
    if (this.#look !== undefined || this.#sinceLook < this.#parts.max / 10) return Promise.resolve()
    this.#sinceLook = 0
    this.#look = this.#trim().finally(() => {
      this.#look = undefined
    })
    return this.#look
  }

  async #trim(): Promise<void> {
    const { max, records, run, onDropped } = this.#parts
    let [count, after] = [0, undefined as string | undefined]
    for (;;) {
      const limit = count < max ? Math.min(page, max - count) : batch
      const rows = await records({ limit, ...(after === undefined ? {} : { after }) })
      after = rows.at(-1)?.key ?? after
      if (count >= max && rows.length > 0) {
        await run((ctx) => {
          for (const { key } of rows) ctx.write({ table: deadTable, key, value: null })
        })
        onDropped(rows.length)
      }
      count += rows.length
      if (rows.length < limit) return
    }
  }
}
