/** A sentence about what was just done, or could not be. */
export interface Announcement {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'danger'
  readonly action?: { readonly label: string; readonly run: () => void } | undefined
}

const most = 3
/** Long enough to be read; those with an action stay longer. */
const plainMs = 5_000
const longMs = 10_000

/** What is said at the foot of the page for a while, and aloud by screen readers. */
export class Announcements {
  readonly #listeners = new Set<() => void>()
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>()
  #current: readonly Announcement[] = []
  #lastId = 0

  readonly current = (): readonly Announcement[] => this.#current

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  say(text: string, action?: Announcement['action']): void {
    this.#add({ text, tone: 'plain', action })
  }

  /** Something did not work: what, and why. */
  fail(what: string, error: unknown): void {
    this.#add({ text: `${what} ${error instanceof Error ? error.message : ''}`.trim(), tone: 'danger' })
  }

  /** Says `done` when it is, or `failed` and why not; answers whether it worked. */
  async about(
    work: Promise<unknown>,
    words: { readonly done?: string; readonly failed: string },
  ): Promise<boolean> {
    try {
      await work
    } catch (error) {
      this.fail(words.failed, error)
      return false
    }
    if (words.done !== undefined) this.say(words.done)
    return true
  }

  readonly dismiss = (id: number): void => {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.#set(this.#current.filter((one) => one.id !== id))
  }

  #add(given: Omit<Announcement, 'id'>): void {
    this.#lastId += 1
    const id = this.#lastId
    const isLong = given.tone === 'danger' || given.action !== undefined
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), isLong ? longMs : plainMs),
    )
    for (const old of this.#current.slice(0, Math.max(0, this.#current.length + 1 - most)))
      this.dismiss(old.id)
    this.#set([...this.#current, { id, ...given }])
  }

  #set(current: readonly Announcement[]): void {
    this.#current = current
    for (const listener of [...this.#listeners]) listener()
  }
}
