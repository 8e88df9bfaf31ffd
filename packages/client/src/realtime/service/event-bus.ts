/** What `on` can be given for any event; one for `'*'` gets the name first. */
export type EventCallback = (...args: never[]) => void

/** Names with callbacks, each callback once a name. One that throws does not keep the others from running. */
export class EventBus {
  readonly #callbacks = new Map<string, Set<EventCallback>>()
  readonly #failed: (error: unknown) => void

  /** @param failed told what a callback threw; must not throw itself */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  on(event: string, callback: EventCallback): void {
    const callbacks = this.#callbacks.get(event) ?? new Set()
    this.#callbacks.set(event, callbacks.add(callback))
  }

  /** Without a callback: all of them. */
  off(event: string, callback?: EventCallback): void {
    const callbacks = this.#callbacks.get(event)
    if (callback !== undefined) callbacks?.delete(callback)
    if (callback === undefined || callbacks?.size === 0) this.#callbacks.delete(event)
  }

  emit(event: string, data: unknown): void {
    for (const callback of [...(this.#callbacks.get(event) ?? [])]) this.#run(callback, data)
    if (event === '*') return
    for (const callback of [...(this.#callbacks.get('*') ?? [])]) this.#run(callback, event, data)
  }

  #run(callback: EventCallback, ...args: unknown[]): void {
    try {
      callback(...(args as never[]))
    } catch (error) {
      this.#failed(error)
    }
  }
}
