import type { Noted } from './calls.ts'
import type { SimulatedOutbox } from './client.ts'
import type { SimulatedProcess } from './process.ts'
import type { SimulatedStore } from './store.ts'

export interface KeptCallsParts {
  readonly store: SimulatedStore
  /** Keys of this tab begin with it: others may share the store. */
  readonly prefix: string
  readonly answered: (noted: Noted, output: unknown) => void
  /** The server would not have it, and the outbox shows it. Answers whether the user tries it again. */
  readonly parked: (noted: Noted, error: unknown) => boolean
}

/** One life of the page. */
interface Life {
  readonly outbox: SimulatedOutbox
  readonly process: SimulatedProcess
}

/** After so long the user tries again what was refused for now. */
const pauseMs = 500

/** Calls that a tab hands to its outbox: each life of the page takes up what the one before has left. */
export class KeptCalls {
  readonly #parts: KeptCallsParts
  readonly #notes = new Map<string, Noted>()
  #life: Life | undefined
  /** What this life waits for. */
  waiting = 0

  constructor(parts: KeptCallsParts) {
    this.#parts = parts
  }

  open(outbox: SimulatedOutbox, process: SimulatedProcess): void {
    const life = { outbox, process }
    this.#life = life
    this.waiting = 1
    const earlier = [...this.#notes.keys()]
    void outbox.ready.then(() => {
      if (life !== this.#life) return
      for (const id of earlier) this.#takeUp(life, id)
      this.waiting -= 1
      outbox.watch(() => this.#giveUpStrangers(life))
    })
  }

  /** The page is gone. Tells whether something was in the outbox. */
  shut(): boolean {
    const { outbox, process } = this.#life ?? {}
    this.#life = undefined
    this.waiting = 0
    if (process !== undefined) this.#parts.store.leave(process)
    return outbox !== undefined && outbox.items.length > 0
  }

  /** @param id the key */
  send(noted: Noted, id: string): void {
    const life = this.#life
    if (life === undefined) return
    this.#notes.set(id, noted)
    this.#parts.store.expect(id, noted.publications)
    this.#await(life, id, life.outbox.send(`sim.${noted.command}`, noted.input, { id }))
  }

  #takeUp(life: Life, id: string): void {
    if (life.outbox.items.some((item) => item.id === id))
      return this.#await(life, id, life.outbox.answerTo(id))
    // It was answered, and nobody was told; or it was never kept, and may have been sent for all that.
    const publications = this.#notes.get(id)?.publications ?? []
    for (const one of publications) if (!one.isKept && one.state === 'open') one.state = 'unknown'
    this.#notes.delete(id)
  }

  /**
   * What was answered, but is still on the disk, is sent again; when the server has forgotten it meanwhile, it may be
   * refused. The user gives it up.
   */
  #giveUpStrangers(life: Life): void {
    if (life !== this.#life) return
    for (const { id, state } of life.outbox.items)
      if (state === 'parked' && id.startsWith(this.#parts.prefix) && !this.#notes.has(id))
        void life.outbox.discard(id)
  }

  #await(life: Life, id: string, answer: Promise<unknown>): void {
    this.waiting += 1
    answer.then(
      (output) => {
        if (life !== this.#life) return
        this.waiting -= 1
        const noted = this.#notes.get(id)
        this.#notes.delete(id)
        if (noted !== undefined) this.#parts.answered(noted, output)
      },
      (error: unknown) => {
        if (life === this.#life) this.#parked(life, id, error)
      },
    )
  }

  /** It stays in the outbox until somebody decides. */
  #parked(life: Life, id: string, error: unknown): void {
    const noted = this.#notes.get(id)
    const over = (): void => {
      if (life === this.#life) this.waiting -= 1
    }
    if (noted !== undefined && this.#parts.parked(noted, error))
      life.process.after(pauseMs, () => {
        over()
        this.#await(life, id, life.outbox.retry(id))
      })
    else
      void life.outbox.discard(id).then(() => {
        over()
        if (life === this.#life) this.#notes.delete(id)
      })
  }
}
