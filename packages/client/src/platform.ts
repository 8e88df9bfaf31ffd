/**
 * The one place where the client meets its platform. Each of these can be injected, so that the same client runs on
 * virtual time over a simulated network.
 */

/** A timer that has been set. `cancel` after it fired, or twice, does nothing. */
export interface Timer {
  cancel(): void
}

/** Time, scheduling and randomness; the kernel's clock port has the same shape. */
export interface Clock {
  /** Wall-clock time in ms since 1970. May jump. */
  now(): number
  /** Milliseconds from a fixed point; never goes back. */
  elapsed(): number
  /** Calls `run` once, not before `delayMs` have passed. */
  after(delayMs: number, run: () => void): Timer
  /** A random number in [0, 1). */
  random(): number
  /** Unguessable text of `bits` random bits in base64url. */
  secret(bits: number): string
}

/** What the platform knows of the network. Hints: they may be wrong or never come. */
export interface Network {
  /** False when the platform is sure that there is no network. */
  online(): boolean
  /** True when nobody can see the application. */
  hidden?(): boolean
  /** Calls `notice` on each hint until the returned function is called. */
  watch(notice: (hint: NetworkHint) => void): () => void
}

/**
 * `visible`: the application is looked at again, or reaches the network by another way: the connection may be dead.
 * `hidden`: nobody looks at it any more. `left`: it is about to be put aside, and says `visible` when it is back.
 */
export type NetworkHint = 'online' | 'offline' | 'visible' | 'hidden' | 'left'

// Longer delays overflow the platform's timers, which then fire at once.
const longestDelayMs = 2 ** 31 - 1

/** The platform's own time and randomness. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, run) {
    const id = setTimeout(run, Math.min(delayMs, longestDelayMs))
    return { cancel: () => clearTimeout(id) }
  },
  random: () => Math.random(),
  secret(bits) {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.ceil(bits / 8)))
    return btoa(String.fromCharCode(...bytes))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=+$/, '')
  },
}

const isHidden = (): boolean => globalThis.document?.visibilityState === 'hidden'

/** Hints of a browser; elsewhere nothing is ever hinted. */
export const systemNetwork: Network = {
  online: () => globalThis.navigator?.onLine !== false,
  hidden: isHidden,
  watch(notice) {
    const { window, document, navigator } = globalThis as {
      window?: Window
      document?: Document
      navigator?: { readonly connection?: EventTarget }
    }
    if (window?.addEventListener === undefined || document === undefined) return () => undefined
    const stop = new AbortController()
    const on = (target: EventTarget | undefined, event: string, hint?: NetworkHint): void =>
      target?.addEventListener(event, () => notice(hint ?? (isHidden() ? 'hidden' : 'visible')), stop)
    on(window, 'online', 'online')
    on(window, 'offline', 'offline')
    // A page that comes back from the back/forward cache or from being frozen has slept through its timers.
    on(window, 'pageshow', 'visible')
    on(window, 'pagehide', 'left')
    on(document, 'resume', 'visible')
    // From one network to another.
    on(navigator?.connection, 'change', 'visible')
    on(document, 'visibilitychange')
    return () => stop.abort()
  },
}

/** Shows an error that no handler of the application took. */
export function reportUnhandled(error: unknown): void {
  const report = (globalThis as { reportError?: (error: unknown) => void }).reportError
  if (report !== undefined) report(error)
  // biome-ignore lint/suspicious/noConsole: without `reportError` (Node) this is the only way to be heard.
  else console.error(error)
}
