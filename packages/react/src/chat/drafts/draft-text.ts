import type { ParleyError } from '@parley/client'

const pauseMs = 1_000
/** Who writes without a pause is saved so often all the same. */
const longestMs = 5_000
/** A text that was changed here a moment ago is not replaced from elsewhere. */
const typingMs = 5_000

export interface DraftTextOptions {
  /** Resolves with the time that the server has given it. */
  readonly save: (text: string) => Promise<{ readonly at: number }>
  readonly changed: () => void
}

/**
 * What is written in one place: the text here goes first, and is saved when the writer pauses. What comes from another
 * device is taken when nothing is being written here.
 */
export class DraftText {
  readonly #options: DraftTextOptions
  #text = ''
  /** What the server has, as far as it has said; undefined: a save is on its way or failed. */
  #saved: string | undefined = ''
  #savedAt = 0
  #typedAt = Number.NEGATIVE_INFINITY
  #dirtySince: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #saves = 0
  #error: ParleyError | undefined

  constructor(options: DraftTextOptions) {
    this.#options = options
  }

  get text(): string {
    return this.#text
  }

  get isSaved(): boolean {
    return this.#saved === this.#text
  }

  get error(): ParleyError | undefined {
    return this.#error
  }

  write(text: string): void {
    if (text === this.#text) return
    const now = Date.now()
    this.#text = text
    this.#typedAt = now
    this.#dirtySince ??= now
    clearTimeout(this.#timer)
    const waitMs = Math.max(0, Math.min(pauseMs, this.#dirtySince + longestMs - now))
    this.#timer = setTimeout(() => this.save(), waitMs)
    this.#options.changed()
  }

  /** Drops it: here at once, and on the server. */
  clear(): void {
    this.#text = ''
    this.#typedAt = Number.NEGATIVE_INFINITY
    this.save()
    this.#options.changed()
  }

  /** Saves now what is not saved. */
  save(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#dirtySince = undefined
    if (this.isSaved) return
    const text = this.#text
    this.#saves += 1
    const save = this.#saves
    this.#saved = undefined
    this.#options.save(text).then(
      ({ at }) => {
        this.#savedAt = Math.max(this.#savedAt, at)
        if (save === this.#saves) this.#settle(text, undefined)
      },
      (error: ParleyError) => {
        if (save === this.#saves) this.#settle(undefined, error)
      },
    )
  }

  /** What the server has, from this device or another; an empty text: nothing. */
  heard(text: string, at: number): void {
    if (at < this.#savedAt) return
    const isBusy = !this.isSaved || Date.now() - this.#typedAt < typingMs
    this.#savedAt = at
    if (isBusy && text !== this.#text) return
    this.#text = text
    this.#saved = text
    this.#options.changed()
  }

  #settle(saved: string | undefined, error: ParleyError | undefined): void {
    this.#saved = saved
    this.#error = error
    this.#options.changed()
  }
}
