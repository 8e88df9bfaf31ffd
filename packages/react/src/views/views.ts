import type { Client } from '@parley/client'

interface Kept {
  /** Somebody reads it. */
  readonly isOpen: boolean
}

const maxIdle = 50

/**
 * What the components below one provider share: one view for each thing that is looked at, whoever asks for it. Views
 * that nobody reads stay for a while, so that going back to a page shows at once what was there; the oldest go first.
 */
export class Views {
  readonly client: Client
  readonly #views = new Map<string, Kept>()

  constructor(client: Client) {
    this.client = client
  }

  /** The view of this name; made when there is none. Making one has no effect on the outside. */
  get<View extends Kept>(name: string, make: (views: Views) => View): View {
    let view = this.#views.get(name) as View | undefined
    if (view === undefined) {
      view = make(this)
      this.#dropIdle()
    } else this.#views.delete(name)
    this.#views.set(name, view)
    return view
  }

  #dropIdle(): void {
    let excess = this.#views.size - maxIdle
    if (excess < 0) return
    for (const [name, view] of this.#views) {
      if (view.isOpen) continue
      this.#views.delete(name)
      excess -= 1
      if (excess < 0) return
    }
  }
}
