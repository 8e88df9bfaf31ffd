import type { Client } from '@parley/client'
import type { TypingActivity } from './typing-view.ts'

/** The server shows it for six seconds. */
const repeatMs = 3_000
/** Who has not pressed a key for so long is not writing any more. */
const idleMs = 5_000

/** Tells others that the user is writing: at the first key, then every three seconds while they go on. */
export class Typist {
  readonly #client: Client
  readonly #where: { readonly channel: string; readonly thread?: number }
  #activity: TypingActivity | undefined
  #toldAt = 0
  #idle: ReturnType<typeof setTimeout> | undefined
  readonly actions = {
    keystroke: (activity: TypingActivity = 'typing'): void => this.#keystroke(activity),
    stop: (): void => this.stop(),
  }

  constructor(client: Client, channel: string, thread: number | undefined) {
    this.#client = client
    this.#where = thread === undefined ? { channel } : { channel, thread }
  }

  stop(): void {
    clearTimeout(this.#idle)
    if (this.#activity === undefined) return
    this.#activity = undefined
    this.#tell('stop')
  }

  #keystroke(activity: TypingActivity): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.stop(), idleMs)
    const now = performance.now()
    if (activity === this.#activity && now - this.#toldAt < repeatMs) return
    this.#activity = activity
    this.#toldAt = now
    this.#tell('start')
  }

  /** Worth nothing later: what cannot be said now is left out. */
  #tell(what: 'start' | 'stop'): void {
    if (this.#client.status !== 'connected') return
    const { typing } = this.#client
    const said =
      what === 'stop'
        ? typing.stop(this.#where)
        : typing.start({ ...this.#where, activity: this.#activity ?? 'typing' })
    said.catch(() => undefined)
  }
}
