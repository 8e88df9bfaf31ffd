import type { Locks, TabsChannel, TabsPlatform } from '../tabs/tabs-platform.ts'

interface Request {
  readonly tab: StagedTab
  readonly held: () => Promise<void>
  readonly fail: (error: Error) => void
}

/** A browser whose tabs share locks and channels; a test crashes, freezes and leaves them. */
export class BrowserStage {
  readonly #held = new Map<string, Request>()
  readonly #queues = new Map<string, Request[]>()
  readonly tabs = new Set<StagedTab>()

  tab(): StagedTab {
    const tab = new StagedTab(this)
    this.tabs.add(tab)
    return tab
  }

  request(name: string, request: Request, steal: boolean): void {
    if (steal) {
      const before = this.#held.get(name)
      this.#held.delete(name)
      before?.tab.run(() => before.fail(new Error('The lock was stolen.')))
      this.#grant(name, request)
      return
    }
    this.#queues.set(name, [...(this.#queues.get(name) ?? []), request])
    this.#next(name)
  }

  withdraw(name: string, request: Request): void {
    const queue = this.#queues.get(name) ?? []
    if (!queue.includes(request)) return
    this.#queues.set(
      name,
      queue.filter((other) => other !== request),
    )
    request.fail(new Error('The request was aborted.'))
  }

  /** Everything that a tab has is free. */
  forget(tab: StagedTab): void {
    this.tabs.delete(tab)
    for (const [name, queue] of this.#queues)
      this.#queues.set(
        name,
        queue.filter((request) => request.tab !== tab),
      )
    for (const [name, request] of [...this.#held])
      if (request.tab === tab) {
        this.#held.delete(name)
        this.#next(name)
      }
  }

  #next(name: string): void {
    if (this.#held.has(name)) return
    const request = this.#queues.get(name)?.shift()
    if (request !== undefined) this.#grant(name, request)
  }

  #grant(name: string, request: Request): void {
    this.#held.set(name, request)
    request.tab.run(() => {
      const free = (): void => {
        if (this.#held.get(name) !== request) return
        this.#held.delete(name)
        this.#next(name)
      }
      void request.held().then(free, free)
    })
  }
}

export class StagedTab implements TabsPlatform {
  readonly #browser: BrowserStage
  readonly #channels = new Set<{ readonly name: string; listener: (message: unknown) => void }>()
  #notice: ((page: 'left' | 'back') => void) | undefined
  #state: 'alive' | 'frozen' | 'dead' = 'alive'
  #waiting: (() => void)[] = []
  #late: (() => void)[] | undefined

  constructor(browser: BrowserStage) {
    this.#browser = browser
  }

  readonly locks: Locks = {
    request: (name, { signal, steal = false }, held) =>
      new Promise((_resolve, fail) => {
        const request = { tab: this, held, fail }
        signal?.addEventListener('abort', () => this.#browser.withdraw(name, request))
        // As in browsers: whoever asks has gone on before a lock is given, be it free or not.
        queueMicrotask(() => {
          const ask = (): void => {
            if (signal?.aborted !== true) this.#browser.request(name, request, steal)
          }
          if (this.#late === undefined) ask()
          else this.#late.push(ask)
        })
      }),
  }

  /** The browser does not hear yet what locks this tab asks for; returns what lets it hear. */
  delayLocks(): () => void {
    const late: (() => void)[] = []
    this.#late = late
    return () => {
      this.#late = undefined
      for (const ask of late) ask()
    }
  }

  channel(name: string): TabsChannel {
    const own = { name, listener: (_message: unknown): void => undefined }
    this.#channels.add(own)
    return {
      tell: (message) => {
        if (!this.#channels.has(own) || this.#state === 'dead') return
        const text = JSON.stringify(message)
        for (const tab of this.#browser.tabs) tab.#take(name, own, text)
      },
      hear: (listener) => {
        own.listener = listener
      },
      close: () => void this.#channels.delete(own),
    }
  }

  watchPage(notice: (page: 'left' | 'back') => void): () => void {
    this.#notice = notice
    return () => {
      this.#notice = undefined
    }
  }

  /** Runs what comes from outside, now or when the tab goes on. */
  run(act: () => void): void {
    if (this.#state === 'alive') act()
    else if (this.#state === 'frozen') this.#waiting.push(act)
  }

  #take(name: string, from: object, text: string): void {
    for (const channel of this.#channels)
      if (channel.name === name && channel !== from)
        queueMicrotask(() =>
          this.run(() => {
            if (this.#channels.has(channel)) channel.listener(JSON.parse(text))
          }),
        )
  }

  /** The process is gone, with all that it held. */
  crash(): void {
    this.#state = 'dead'
    this.#browser.forget(this)
  }

  /** Nothing of it runs until `thaw`; it keeps its locks. */
  freeze(): void {
    this.#state = 'frozen'
  }

  thaw(): void {
    this.#state = 'alive'
    for (const act of this.#waiting.splice(0)) act()
  }

  leave(): void {
    this.#notice?.('left')
  }

  comeBack(): void {
    this.#notice?.('back')
  }
}
