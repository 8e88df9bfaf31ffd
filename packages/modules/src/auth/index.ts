import { implement, type Module } from '@parley/kernel'
import { auth } from './contract.ts'
import { type AuthOptions, authHandlers } from './handlers.ts'

export type { AuthOptions, DevelopmentSignIn, SignInClaims } from './handlers.ts'

/** Module `auth`. */
export function authModule(options: AuthOptions = {}): Module {
  return implement(auth, { handlers: authHandlers(options) })
}
