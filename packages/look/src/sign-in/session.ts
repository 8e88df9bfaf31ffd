import type { Kept } from '../kept.ts'

/** Who works here. Kept with the tab, or with the device if the person says so. */
export interface Session {
  readonly token: string
  /** Absent for the token of a back end. */
  readonly user?: string
  /** What others see; the user id where nobody said more. */
  readonly name: string
  /** In ms since 1970; absent for a token without an end. */
  readonly expiresAt?: number
  /** Signed in by name: a new token is there for the asking. */
  readonly renewable: boolean
}

/** The place of one session: survives a reload, and the tab if it was kept on the device. */
export class SessionStore {
  readonly #key: string
  readonly #tab: Kept
  readonly #device: Kept
  readonly #listeners = new Set<() => void>()
  #session: Session | undefined
  /** Why the last session ended, unless the person signed out. */
  #ended: string | undefined

  /** @param key the name under which it is kept: two applications of one origin have two */
  constructor(places: { readonly tab: Kept; readonly device: Kept }, key = 'parley.session') {
    this.#key = key
    this.#tab = places.tab
    this.#device = places.device
    this.#session = check(this.#tab.read(key)) ?? check(this.#device.read(key))
  }

  readonly current = (): Session | undefined => this.#session

  readonly endedBecause = (): string | undefined => this.#ended

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  begin(session: Session, options: { readonly keep: boolean }): void {
    this.#clear()
    this.#write(options.keep ? this.#device : this.#tab, session)
  }

  /** The same person with a new token. */
  renew(token: { readonly token: string; readonly expiresAt?: number }): void {
    if (this.#session === undefined) return
    const isOnDevice = this.#device.read(this.#key) !== undefined
    this.#write(isOnDevice ? this.#device : this.#tab, { ...this.#session, ...token })
  }

  /** @param reason what the person has to know; absent when they signed out themselves */
  readonly end = (reason?: string): void => {
    this.#clear()
    this.#set(undefined, reason)
  }

  #write(place: Kept, session: Session): void {
    place.write(this.#key, session)
    this.#set(session, undefined)
  }

  #clear(): void {
    this.#tab.remove(this.#key)
    this.#device.remove(this.#key)
  }

  #set(session: Session | undefined, ended: string | undefined): void {
    this.#session = session
    this.#ended = ended
    for (const listener of [...this.#listeners]) listener()
  }
}

function check(kept: unknown): Session | undefined {
  const { token, user, name, expiresAt, renewable } = (kept ?? {}) as Record<string, unknown>
  if (typeof token !== 'string' || token === '' || typeof name !== 'string') return undefined
  return {
    token,
    name,
    renewable: renewable === true,
    ...(typeof user === 'string' ? { user } : {}),
    ...(typeof expiresAt === 'number' ? { expiresAt } : {}),
  }
}
