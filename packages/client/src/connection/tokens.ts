import { ParleyError } from '@parley/protocol'
import type { Clock } from '../platform.ts'

/** Why a token is asked for: for a connection, because the old one runs out, or because the server refused it. */
export type TokenReason = 'connect' | 'expiring' | 'refused'

export type GetToken = (request: { readonly reason: TokenReason }) => string | Promise<string>

export interface TokenSource {
  /** True when a refused token can be replaced by another. */
  readonly canRefresh: boolean
  /** A token, or undefined for clients without one. Calls that overlap share one question to the application. */
  get(reason: TokenReason): Promise<string | undefined>
  /** Replaces the token of a client without `getToken`. */
  replace(token: string): void
}

const timeoutMs = 20_000

/** Asks the application for tokens, one question at a time, each with an end. */
export function tokenSource(
  clock: Clock,
  options: { readonly getToken?: GetToken | undefined; readonly token?: string | undefined },
): TokenSource {
  const { getToken } = options
  let { token } = options
  if (getToken === undefined)
    return {
      canRefresh: false,
      get: async () => token,
      replace(next) {
        token = next
      },
    }
  let asked: Promise<string> | undefined
  return {
    canRefresh: true,
    get(reason) {
      asked ??= ask(clock, getToken, reason).finally(() => {
        asked = undefined
      })
      return asked
    },
    replace: () => undefined,
  }
}

function ask(clock: Clock, getToken: GetToken, reason: TokenReason): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () =>
      reject(new ParleyError('timeout', `\`getToken\` gave no token within ${timeoutMs / 1000} s.`)),
    )
    // Inside `then`, so that a callback that throws counts as one that rejects.
    Promise.resolve()
      .then(() => getToken({ reason }))
      .then((token) => {
        if (typeof token === 'string' && token !== '') resolve(token)
        else reject(new ParleyError('unauthenticated', '`getToken` gave no token. Return it as a text.'))
      })
      .catch(reject)
      .finally(() => timer.cancel())
  })
}
