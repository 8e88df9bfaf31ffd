import type { Logger } from '../ports/logger.ts'
import type { Session } from './session.ts'
import type { SessionEnd, SessionListener } from './session-listener.ts'

/** Tells the modules of a node what becomes of its sessions. */
export class SessionFeed {
  readonly #listeners: readonly SessionListener[]
  readonly #log: Logger

  constructor(listeners: readonly SessionListener[], log: Logger) {
    this.#listeners = listeners
    this.#log = log
  }

  connected(session: Session): void {
    this.#tell((listener) => listener.connected?.(session.facts))
  }

  disconnected(session: Session): void {
    this.#tell((listener) => listener.disconnected?.(session.facts))
  }

  resumed(session: Session): void {
    this.#tell((listener) => listener.resumed?.(session.facts))
  }

  ended(session: Session, reason: SessionEnd): void {
    this.#tell((listener) => listener.ended?.(session.facts, reason))
  }

  #tell(tell: (listener: SessionListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        tell(listener)
      } catch (error) {
        this.#log.error('A module failed when it was told of a session.', {
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
      }
    }
  }
}
