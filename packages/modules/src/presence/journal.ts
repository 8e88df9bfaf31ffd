import type { Clock, Logger, ModuleServices, Timer } from '@parley/kernel'
import { presenceLog, type Transition } from './store.ts'

/** Changes are written together, so often. */
const pauseMs = 1_000
const retryMs = 5_000
/** Writes of one unit. */
const batchSize = 200
/** Between two entries of a user's history. */
const historyGapMs = 10_000
const beatMs = 60_000

/** What is to be written for an app: the newest of each user. */
interface Pages {
  readonly marks: Map<string, Transition>
  readonly history: Map<string, Transition>
  /** Entries that were just added to histories: another one of the user has to wait. */
  readonly recent: Map<string, { readonly at: number; readonly availability: string }>
}

interface Batch {
  readonly marks: readonly Transition[]
  readonly history: readonly Transition[]
}

/**
 * Writes what becomes of users, late and together: a crowd that comes at once is a few commits, and somebody who comes
 * and goes within a second is none.
 */
export class Journal {
  readonly #services: ModuleServices
  readonly #clock: Clock
  readonly #log: Logger
  readonly #pages = new Map<string, Pages>()
  readonly #isAnybodyHere: (app: string) => boolean
  #timer: Timer | undefined
  #isWriting = false
  #beat: Timer | undefined
  #isStopped = false

  constructor(services: ModuleServices, isAnybodyHere: (app: string) => boolean) {
    this.#services = services
    this.#clock = services.clock
    this.#log = services.log
    this.#isAnybodyHere = isAnybodyHere
    this.#beatLater()
  }

  /** Takes note of a change; with `isKept` it goes into the user's history too. */
  note(app: string, transition: Transition, isKept: boolean): void {
    let pages = this.#pages.get(app)
    if (pages === undefined) {
      pages = { marks: new Map(), history: new Map(), recent: new Map() }
      this.#pages.set(app, pages)
    }
    const { user, availability } = transition
    pages.marks.set(user, transition)
    // Back to what the history ends with: nothing happened.
    if (pages.recent.get(user)?.availability === availability) pages.history.delete(user)
    else if (isKept) pages.history.set(user, transition)
    this.#writeLater(pauseMs)
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#beat?.cancel()
  }

  #writeLater(delayMs: number): void {
    if (this.#isStopped || this.#isWriting) return
    this.#timer ??= this.#clock.after(delayMs, () => void this.#write())
  }

  async #write(): Promise<void> {
    this.#timer = undefined
    this.#isWriting = true
    let delayMs = pauseMs
    for (const [app, pages] of this.#pages) if (!(await this.#writeAll(app, pages))) delayMs = retryMs
    this.#isWriting = false
    const isLeft = [...this.#pages.values()].some(({ marks, history }) => marks.size + history.size > 0)
    if (isLeft) this.#writeLater(delayMs)
  }

  async #writeAll(app: string, pages: Pages): Promise<boolean> {
    for (;;) {
      const batch = this.#take(pages)
      if (batch.marks.length + batch.history.length === 0) return true
      try {
        await this.#commit(app, batch)
      } catch (error) {
        if (!this.#isStopped)
          this.#log.warn('Presence could not be written; it is tried again.', { app, error: String(error) })
        putBack(pages, batch)
        return false
      }
    }
  }

  #take({ marks, history, recent }: Pages): Batch {
    const now = this.#clock.elapsed()
    for (const [user, { at }] of recent) if (now - at >= historyGapMs) recent.delete(user)
    const marked = [...marks.values()].slice(0, batchSize)
    const kept = [...history.values()].filter(({ user }) => !recent.has(user)).slice(0, batchSize)
    for (const { user } of marked) marks.delete(user)
    for (const { user, availability } of kept) {
      history.delete(user)
      recent.set(user, { at: now, availability })
    }
    return { marks: marked, history: kept }
  }

  async #commit(app: string, batch: Batch): Promise<void> {
    await this.#services.run(app, (ctx) => {
      const log = presenceLog(ctx)
      for (const transition of batch.marks) log.mark(transition)
      for (const transition of batch.history) log.keep(transition)
    })
  }

  #beatLater(): void {
    this.#beat = this.#clock.after(beatMs, () => {
      for (const app of this.#services.apps) if (this.#isAnybodyHere(app)) this.#beatIn(app)
      if (!this.#isStopped) this.#beatLater()
    })
  }

  #beatIn(app: string): void {
    const beaten = this.#services.run(app, (ctx) => presenceLog(ctx).beat())
    beaten.catch((error: unknown) => {
      const fields = { app, error: String(error) }
      this.#log.warn('The time could not be noted; it is tried again in a minute.', fields)
    })
  }
}

/** What came meanwhile is newer. */
function putBack({ marks, history, recent }: Pages, batch: Batch): void {
  for (const mark of batch.marks) if (!marks.has(mark.user)) marks.set(mark.user, mark)
  for (const entry of batch.history) {
    recent.delete(entry.user)
    if (!history.has(entry.user)) history.set(entry.user, entry)
  }
}
