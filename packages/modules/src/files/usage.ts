import type { Context } from '@parley/kernel'
import { ParleyError } from '@parley/protocol'
import type { FileLimits } from './limits.ts'
import { ownedTable, weightOf } from './store.ts'

type Run = <T>(app: string, job: (ctx: Context) => Promise<T>) => Promise<T>

interface Total {
  bytes: number
  readonly until: number
}

const ttlMs = 60_000
const maxOwners = 10_000
const page = 500

/**
 * How much is stored, by owner and by app: the sum of the files, counted when asked and kept for a while. What is begun
 * counts at once. An owner's sum is exact but for what was begun within the same moment by another process; an app's is
 * counted at start and followed from there.
 */
export class Usage {
  readonly #limits: FileLimits
  readonly #run: Run
  readonly #now: () => number
  readonly #owners = new Map<string, Total>()
  readonly #apps = new Map<string, number>()

  constructor(limits: FileLimits, around: { readonly run: Run; readonly now: () => number }) {
    this.#limits = limits
    this.#run = around.run
    this.#now = around.now
  }

  /** Counts what an app has stored. */
  async count(app: string): Promise<void> {
    this.#apps.set(app, 0)
    for await (const bytes of this.#sizes(app, '')) this.#apps.set(app, (this.#apps.get(app) ?? 0) + bytes)
  }

  /**
   * Makes room for a file.
   *
   * @throws ParleyError `files.quota_exceeded`
   */
  async reserve(app: string, owner: string, size: number): Promise<void> {
    const { userQuotaBytes, appQuotaBytes } = this.#limits
    const bytes = weightOf(size)
    const total = await this.#total(app, owner)
    const ofApp = this.#apps.get(app) ?? 0
    if (userQuotaBytes > 0 && total.bytes + bytes > userQuotaBytes)
      throw exceeded('Your files', userQuotaBytes, total.bytes)
    if (appQuotaBytes > 0 && ofApp + bytes > appQuotaBytes)
      throw exceeded('The files of the app', appQuotaBytes, ofApp)
    total.bytes += bytes
    this.#apps.set(app, ofApp + bytes)
  }

  /** Takes a file off the sums. */
  release(app: string, owner: string, size: number): void {
    const bytes = weightOf(size)
    const total = this.#owners.get(`${app}\n${owner}`)
    if (total !== undefined) total.bytes -= bytes
    this.#apps.set(app, Math.max(0, (this.#apps.get(app) ?? 0) - bytes))
  }

  async ofOwner(app: string, owner: string): Promise<number> {
    return (await this.#total(app, owner)).bytes
  }

  ofApp(app: string): number {
    return this.#apps.get(app) ?? 0
  }

  async #total(app: string, owner: string): Promise<Total> {
    const key = `${app}\n${owner}`
    const known = this.#owners.get(key)
    if (known !== undefined && known.until > this.#now()) return known
    let sum = 0
    for await (const bytes of this.#sizes(app, `${owner}\n`)) sum += bytes
    // Another call may have counted in the meantime, and reserved something since.
    const counted = this.#owners.get(key)
    if (counted !== undefined && counted !== known) return counted
    const total = { bytes: sum, until: this.#now() + ttlMs }
    if (this.#owners.size >= maxOwners) this.#owners.delete(this.#owners.keys().next().value as string)
    this.#owners.delete(key)
    this.#owners.set(key, total)
    return total
  }

  async *#sizes(app: string, prefix: string): AsyncIterable<number> {
    let after: string | undefined
    do {
      const from = after
      const rows = await this.#run(app, (ctx) =>
        ctx.records(ownedTable, { prefix, limit: page, ...(from === undefined ? {} : { after: from }) }),
      )
      for (const { value } of rows) yield Number(value)
      after = rows.length < page ? undefined : rows.at(-1)?.key
    } while (after !== undefined)
  }
}

function exceeded(whose: string, limit: number, used: number): ParleyError {
  return new ParleyError(
    'files.quota_exceeded',
    `${whose} may take ${limit} bytes together, and take ${used} already. Remove some first.`,
    { details: { limit, used } },
  )
}
