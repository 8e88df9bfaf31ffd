/** What tabs of one browser have in common; injected in simulations. */
export interface TabsPlatform {
  readonly locks: Locks
  /** A channel on which every other tab with the same name hears what is told. */
  channel(name: string): TabsChannel
  /** Calls `notice` when the page is left, perhaps to be frozen, and when it is back; returns the function that stops it. */
  watchPage(notice: (page: 'left' | 'back') => void): () => void
}

export interface Locks {
  /**
   * Calls `held` when the lock is free, or at once with `steal`, and keeps it until that promise settles. Rejects when
   * the signal aborts before, or when somebody steals the lock.
   */
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    held: () => Promise<void>,
  ): Promise<unknown>
}

export interface TabsChannel {
  /** Told to all others, in order; to nobody once it is closed. */
  tell(message: unknown): void
  /** Replaces who hears. */
  hear(listener: (message: unknown) => void): void
  close(): void
}

/** The platform of a page; undefined where it lacks something: then nothing is shared. */
export function browserPlatform(): TabsPlatform | undefined {
  const scope = globalThis as {
    navigator?: { readonly locks?: LockManager }
    BroadcastChannel?: typeof BroadcastChannel
    window?: Window
  }
  const { navigator, BroadcastChannel: Broadcast, window } = scope
  const locks = navigator?.locks
  if (locks === undefined || Broadcast === undefined || window?.document === undefined) return undefined
  return {
    locks: { request: (name, options, held) => locks.request(name, options, held) },
    channel(name) {
      const channel = new Broadcast(name)
      let isOpen = true
      return {
        tell(message) {
          if (isOpen) channel.postMessage(message)
        },
        hear(listener) {
          channel.onmessage = ({ data }) => listener(data)
        },
        close() {
          isOpen = false
          channel.close()
        },
      }
    },
    watchPage(notice) {
      const stop = new AbortController()
      const { signal } = stop
      window.addEventListener('pagehide', () => notice('left'), { signal })
      window.addEventListener('pageshow', ({ persisted }) => persisted && notice('back'), { signal })
      return () => stop.abort()
    },
  }
}
