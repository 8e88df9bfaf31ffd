import { implement, type Module } from '@parley/kernel'
import { typing } from './contract.ts'
import { typingHandlers } from './handlers.ts'
import { type TypingLimits, Typists, typingDefaults, type Who } from './typists.ts'

export type { TypingLimits } from './typists.ts'

/** Module `typing`, and what the composition root may give to modules that know when a user has done typing. */
export interface TypingModule extends Module {
  /** The user has sent what they typed: nothing of it is shown any more. Next to free when they are not typing. */
  finished(who: Who): void
}

/** Module `typing`: shows who is typing, and stores nothing. */
export function typingModule(limits: Partial<TypingLimits> = {}): TypingModule {
  let typists: Typists | undefined
  const module = implement(typing, {
    handlers: typingHandlers(() => typists),
    sessions: {
      disconnected: ({ app, user, session }) => {
        if (user !== undefined) typists?.gone(app, user, session)
      },
    },
    start: (services) => {
      typists = new Typists(services, { ...typingDefaults, ...limits })
    },
    stop: () => typists?.close(),
  })
  return { ...module, finished: (who) => typists?.stop(who) }
}
