import type { Client, ParleyError } from '@parley/client'
import type { Place } from '../messages.ts'
import type { MessageWindow, Page } from './message-window.ts'

export type PageQuery = { readonly before: number } | { readonly after: number } | Place | undefined

export interface PagesOptions {
  readonly client: Client
  readonly channel: string
  readonly thread: number | undefined
  /** Messages of a page. */
  readonly size: number
  readonly window: MessageWindow
  /** A page has been taken into the window. */
  readonly loaded: (page: Page, part: 'whole' | 'older' | 'newer') => void
  readonly changed: () => void
}

/** Reads pages of history into the window. Reading the window anew makes void what was asked for before. */
export class Pages {
  readonly #options: PagesOptions
  #era = 0
  #older: Promise<boolean> | undefined
  #newer: Promise<boolean> | undefined
  #showing: { readonly name: string; readonly page: Promise<Page | undefined> } | undefined
  #isLoading = false
  #error: ParleyError | undefined

  constructor(options: PagesOptions) {
    this.#options = options
  }

  get isLoading(): boolean {
    return this.#isLoading
  }

  get isLoadingOlder(): boolean {
    return this.#older !== undefined
  }

  get isLoadingNewer(): boolean {
    return this.#newer !== undefined
  }

  /** Why the last page could not be read. */
  get error(): ParleyError | undefined {
    return this.#error
  }

  /**
   * Reads another part of the conversation: the newest, or what is around a place. Asked for the place that it is reading
   * already, it asks nobody again.
   */
  show(place: Place | undefined): Promise<Page | undefined> {
    const name = JSON.stringify(place ?? null)
    if (this.#isLoading && this.#showing?.name === name) return this.#showing.page
    const page = this.#show(place)
    this.#showing = { name, page }
    return page
  }

  async #show(place: Place | undefined): Promise<Page | undefined> {
    this.#era += 1
    const era = this.#era
    this.#older = undefined
    this.#newer = undefined
    this.#isLoading = true
    this.#error = undefined
    this.#options.changed()
    try {
      const page = await this.#read(place)
      if (era !== this.#era) return
      this.#isLoading = false
      this.#options.window.reset(page)
      this.#options.loaded(page, 'whole')
      return page
    } catch (error) {
      if (era !== this.#era) return
      this.#isLoading = false
      this.#error = error as ParleyError
      return
    } finally {
      this.#options.changed()
    }
  }

  /** Resolves with whether there is more. Calls that overlap share one page. */
  older(): Promise<boolean> {
    const { window } = this.#options
    const { first } = window
    if (first === undefined || !window.hasOlder) return Promise.resolve(false)
    this.#older ??= this.#extend({ before: first }, () => {
      this.#older = undefined
    })
    return this.#older
  }

  newer(): Promise<boolean> {
    const { window } = this.#options
    const { last } = window
    if (last === undefined || !window.hasNewer) return Promise.resolve(false)
    this.#newer ??= this.#extend({ after: last }, () => {
      this.#newer = undefined
    })
    return this.#newer
  }

  /** What was asked for does not matter any more. */
  forget(): void {
    this.#era += 1
    this.#older = undefined
    this.#newer = undefined
    this.#isLoading = false
  }

  #extend(query: { before: number } | { after: number }, done: () => void): Promise<boolean> {
    const { window, changed } = this.#options
    const era = this.#era
    const part = 'before' in query ? 'older' : 'newer'
    const hasMore = (): boolean => (part === 'older' ? window.hasOlder : window.hasNewer)
    const settle = (error: ParleyError | undefined): void => {
      if (era !== this.#era) return
      this.#error = error
      done()
      changed()
    }
    this.#error = undefined
    changed()
    const extending = this.#read(query).then(
      (page) => {
        if (era === this.#era) this.#attach(page, part, query)
        settle(undefined)
        return hasMore()
      },
      (error: ParleyError) => {
        settle(error)
        throw error
      },
    )
    extending.catch(() => undefined)
    return extending
  }

  /** Live messages may have pushed the end of the window away meanwhile: then the page does not fit. */
  #attach(page: Page, part: 'older' | 'newer', query: { before: number } | { after: number }): void {
    const { window, loaded } = this.#options
    if ('before' in query ? window.first !== query.before : window.last !== query.after) return
    if (part === 'older') window.prepend(page)
    else window.append(page)
    loaded(page, part)
  }

  #read(query: PageQuery): Promise<Page> {
    const { client, channel, thread, size } = this.#options
    return client.chat.history({
      channel,
      limit: size,
      ...(thread === undefined ? {} : { thread }),
      ...(query === undefined ? {} : 'seq' in query ? { around: query.seq } : query),
    })
  }
}
