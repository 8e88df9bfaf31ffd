import type { VirtualClock } from '../../testing/virtual-clock.ts'
import type { SimulatedProcess } from './process.ts'
import type { Random } from './random.ts'

interface LockOptions {
  readonly signal?: AbortSignal
  readonly steal?: boolean
}

interface Request {
  readonly page: Page
  readonly name: string
  readonly signal: AbortSignal | undefined
  readonly held: () => Promise<void>
  readonly fail: (error: Error) => void
  isGranted: boolean
}

interface Channel {
  readonly name: string
  listener: (message: unknown) => void
}

/** What happens to a page, as the platform hints at it. */
type PageHint = 'left' | 'visible'

/** Whoever asks has gone on before it is answered. */
const mostMs = 4

/**
 * A browser: locks that pages hold, and channels on which they speak. Everything takes its time, and what one page does
 * arrives at another in order. A page that is gone holds nothing, and what it has said before is heard.
 */
export class SimulatedBrowser {
  readonly #clock: VirtualClock
  readonly #random: Random
  readonly pages = new Set<Page>()
  readonly #held = new Map<string, Request>()
  readonly #queues = new Map<string, Request[]>()

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  open(process: SimulatedProcess): Page {
    const page = new Page(this, process)
    this.pages.add(page)
    return page
  }

  /** Happens a moment later, behind what was asked for on the same way before. */
  soon(way: { lastAt: number }, run: () => void): void {
    const now = this.#clock.elapsed()
    way.lastAt = Math.max(way.lastAt, now + 1 + this.#random.below(mostMs))
    this.#clock.after(way.lastAt - now, run)
  }

  /** The request of a page has arrived. */
  request(request: Request, steal: boolean): void {
    const { name, page, signal } = request
    if (!this.pages.has(page) || signal?.aborted === true) return
    if (!steal) {
      this.#queues.set(name, [...(this.#queues.get(name) ?? []), request])
      return this.#next(name)
    }
    const before = this.#held.get(name)
    if (before !== undefined)
      this.soon(before.page, () => before.page.process.enter(() => before.fail(new Error('stolen'))))
    this.#grant(request)
  }

  withdraw(request: Request): void {
    const queue = this.#queues.get(request.name) ?? []
    this.#queues.set(
      request.name,
      queue.filter((other) => other !== request),
    )
  }

  /** A page is gone, and with it what it held. */
  gone(page: Page): void {
    this.pages.delete(page)
    for (const [name, queue] of this.#queues)
      this.#queues.set(
        name,
        queue.filter((request) => request.page !== page),
      )
    for (const request of [...this.#held.values()])
      if (request.page === page) this.soon(page, () => this.#free(request))
  }

  #next(name: string): void {
    if (this.#held.has(name)) return
    const request = this.#queues.get(name)?.shift()
    if (request !== undefined) this.#grant(request)
  }

  #grant(request: Request): void {
    const { page, name, signal, held } = request
    this.#held.set(name, request)
    const free = (): void => this.soon(page, () => this.#free(request))
    this.soon(page, () =>
      page.process.enter(() => {
        if (signal?.aborted === true) return free()
        request.isGranted = true
        void held().then(free, free)
      }),
    )
  }

  #free(request: Request): void {
    if (this.#held.get(request.name) !== request) return
    this.#held.delete(request.name)
    this.#next(request.name)
  }
}

/** A page of a browser, with what its scripts find there. */
export class Page {
  readonly process: SimulatedProcess
  /** When the last thing comes that is on its way between page and browser. */
  lastAt = 0
  readonly #browser: SimulatedBrowser
  readonly #channels = new Set<Channel>()
  readonly #watchers = new Set<(hint: PageHint) => void>()
  /** Ways to other pages. */
  readonly #ways = new Map<Page, { lastAt: number }>()

  constructor(browser: SimulatedBrowser, process: SimulatedProcess) {
    this.#browser = browser
    this.process = process
  }

  readonly locks = {
    request: (name: string, { signal, steal = false }: LockOptions, held: () => Promise<void>) =>
      new Promise<unknown>((_resolve, fail) => {
        const request: Request = { page: this, name, signal, held, fail, isGranted: false }
        signal?.addEventListener('abort', () => {
          this.#browser.withdraw(request)
          if (!request.isGranted) fail(new Error('aborted'))
        })
        this.#browser.soon(this, () => this.#browser.request(request, steal))
      }),
  }

  readonly network = {
    online: () => true,
    watch: (notice: (hint: PageHint) => void) => this.#watch(notice),
  }

  channel(name: string) {
    const own: Channel = { name, listener: () => undefined }
    this.#channels.add(own)
    return {
      tell: (message: unknown) => {
        if (!this.#channels.has(own) || this.process.isDead) return
        const text = JSON.stringify(message)
        for (const page of this.#browser.pages) page.#take(own, text, this)
      },
      hear: (listener: (message: unknown) => void) => {
        own.listener = listener
      },
      close: () => void this.#channels.delete(own),
    }
  }

  watchPage(notice: (page: 'left' | 'back') => void): () => void {
    return this.#watch((hint) => notice(hint === 'left' ? 'left' : 'back'))
  }

  /** The user goes to another page, perhaps to come back. */
  leave(): void {
    for (const notice of [...this.#watchers]) notice('left')
  }

  comeBack(): void {
    this.process.enter(() => {
      for (const notice of [...this.#watchers]) notice('visible')
    })
  }

  #watch(notice: (hint: PageHint) => void): () => void {
    this.#watchers.add(notice)
    return () => void this.#watchers.delete(notice)
  }

  #take(from: Channel, text: string, page: Page): void {
    for (const channel of this.#channels) {
      if (channel.name !== from.name || channel === from) continue
      const way = page.#ways.get(this) ?? { lastAt: 0 }
      page.#ways.set(this, way)
      this.#browser.soon(way, () =>
        this.process.enter(() => {
          if (this.#channels.has(channel)) channel.listener(JSON.parse(text))
        }),
      )
    }
  }
}
