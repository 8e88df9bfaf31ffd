/** Named handlers. A handler that throws does not keep the others from running. */
export class Emitter {
  readonly #handlers = new Map<string, Set<(...args: never[]) => void>>()
  readonly #failed: (error: unknown) => void

  /** @param failed told what a handler threw; must not throw itself */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  has(name: string): boolean {
    return this.#handlers.has(name)
  }

  /** Returns the function that removes the handler. */
  on(name: string, handler: (...args: never[]) => void): () => void {
    const handlers = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, handlers)
    // A wrapper of its own, so that the same function can be added twice and removed once.
    const entry = (...args: never[]): void => handler(...args)
    handlers.add(entry)
    return () => {
      handlers.delete(entry)
      if (handlers.size === 0 && this.#handlers.get(name) === handlers) this.#handlers.delete(name)
    }
  }

  emit(name: string, ...args: unknown[]): void {
    const handlers = this.#handlers.get(name)
    if (handlers === undefined) return
    for (const handler of [...handlers]) {
      try {
        handler(...(args as never[]))
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}
