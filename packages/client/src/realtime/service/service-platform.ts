/** What the service asks of its platform. */
export interface ServicePlatform {
  /** The address of the page; undefined outside of one. */
  readonly page: string | undefined
  readonly isDevelopment: boolean
  /** CPU time in ms since the process began; undefined where nothing tells. */
  readonly cpuMs: number | undefined
  /** Memory in use, in bytes; undefined where nothing tells. */
  readonly memoryBytes: number | undefined
  log(...parts: unknown[]): void
}

interface Globals {
  readonly document?: unknown
  readonly location?: { readonly href: string }
  readonly process?: {
    cpuUsage?(): { readonly user: number; readonly system: number }
    memoryUsage?(): { readonly rss: number }
  }
  /** In Chromium alone. */
  readonly performance?: { readonly memory?: { readonly usedJSHeapSize: number } }
}

const globals = globalThis as Globals

/** The platform as it is when it is asked. */
export const servicePlatform: ServicePlatform = {
  get page() {
    return globals.document === undefined ? undefined : globals.location?.href
  },
  get isDevelopment() {
    try {
      // In these words, which bundlers replace; where nobody has, a browser has no `process`.
      // biome-ignore lint/style/noProcessEnv: it says of a build what it is for, and configures nothing.
      return process.env.NODE_ENV === 'development'
    } catch {
      return false
    }
  },
  get cpuMs() {
    const usage = globals.process?.cpuUsage?.()
    return usage === undefined ? undefined : (usage.user + usage.system) / 1_000
  },
  get memoryBytes() {
    return globals.process?.memoryUsage?.().rss ?? globals.performance?.memory?.usedJSHeapSize
  },
  // biome-ignore lint/suspicious/noConsole: debug mode writes there; nothing else does.
  log: (...parts) => console.debug(...parts),
}
